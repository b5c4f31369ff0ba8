import type { Request } from "express";
import type { Login, Logins } from "./logins.js";
import { TOKEN_HEADER } from "./sign-in.js";

const NAME = String.raw`(127(\.\d{1,3}){3}|\[::1\]|localhost)`;
const LOOPBACK = new RegExp(`^(${NAME}|::1)$`, "i");
/** A Host header, taken as it is: a parser of URLs would pass over a user's name or a path in it. */
const LOOPBACK_HOST = new RegExp(`^${NAME}(:\\d{1,5})?$`, "i");

export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}

/**
 * Without logins the loopback address is all that protects the dashboard, and a page from elsewhere could have its
 * own name lead there (DNS rebinding): only requests that name loopback themselves are heard. A request line may name a
 * host too ("GET http://evil.example/"), and then it counts instead of the header; no browser sends that to a server.
 */
export function namesLoopback(request: Request): boolean {
  return LOOPBACK_HOST.test(request.headers.host ?? "") && request.originalUrl.startsWith("/");
}

/** Headers in which proxies and networks of proxies pass on what they were asked, and by whom. */
const PROXY_HEADERS: readonly string[] = [
  "cdn-loop",
  "cf-connecting-ip",
  "cf-connecting-ipv6",
  "cf-ray",
  "client-ip",
  "fastly-client-ip",
  "fly-client-ip",
  "forwarded",
  "true-client-ip",
  "via",
];
const PROXY_HEADER =
  /^x-(forwarded|real-ip|client-ip|cluster-client-ip|original-(forwarded|host|url)|envoy-|amzn-trace-id|proxyuser-ip)/;

/**
 * Whether a proxy says that it passed the request on. Seen from here, everything that a proxy lets in comes from this
 * machine, and it may put loopback for the name that was asked for. A proxy that adds no header cannot be told.
 */
export function isProxied(request: Request): boolean {
  return Object.keys(request.headers).some(
    (name) => PROXY_HEADERS.includes(name) || PROXY_HEADER.test(name),
  );
}

/** Whether our own page asks for a change: browsers name the origin in every request that is not a GET. */
export function isFromOurPage(request: Request, origin: string | null): boolean {
  const given = request.headers.origin;
  const site = request.headers["sec-fetch-site"];
  if (given === undefined || (site !== undefined && site !== "same-origin")) return false;
  return given === (origin ?? `http://${request.headers.host ?? ""}`);
}

export function hasToken(request: Request, logins: Logins, login: Login): boolean {
  return logins.isToken(login, request.get(TOKEN_HEADER));
}
