import { isIP } from "node:net";
import type { Request } from "express";
import { ipKeyGenerator } from "express-rate-limit";

/**
 * The address a request comes from. Express reads it from X-Forwarded-For where the peer is one of the trusted proxies
 * (the application's `trust proxy`), and takes the peer's own address everywhere else: whoever reaches the port past
 * the proxy cannot make one up.
 */
export function addressOf(request: Request): string {
  const asked = request.ip ?? "";
  const address = isIP(asked) === 0 ? (request.socket.remoteAddress ?? "") : asked;
  // IPv4 on a socket of IPv6 would otherwise be cut to a network that holds all of IPv4. A whole network of IPv6 is
  // one customer's.
  return ipKeyGenerator(address.replace(/^::ffff:/i, ""));
}
