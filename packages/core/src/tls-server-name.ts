import { isIP } from "node:net";

/** What TLS is told of the host: a server may choose its certificate, or where to lead, by a name; no address is one. */
export function tlsServerName({ hostname }: URL): { servername?: string } {
  return isIP(hostname.replace(/^\[|\]$/g, "")) === 0 ? { servername: hostname } : {};
}
