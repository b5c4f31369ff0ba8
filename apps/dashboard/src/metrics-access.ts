import { createHash, timingSafeEqual } from "node:crypto";
import type { Request } from "express";
import { isLoopback, isProxied, namesLoopback } from "./login/same-origin.js";

/**
 * With a token configured, the token; without one, a request from this machine that names loopback. Behind a proxy
 * every request may look like that, so there it is the token or nothing.
 */
export function allowsMetrics(
  request: Request,
  token: string | null,
  isBehindProxy: boolean,
): boolean {
  if (token === null) {
    if (isBehindProxy || isProxied(request)) return false;
    const peer = (request.socket.remoteAddress ?? "").replace(/^::ffff:/, "");
    return isLoopback(peer) && namesLoopback(request);
  }
  const given = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1] ?? "";
  return timingSafeEqual(digest(given), digest(token));
}

/** Always the same length, whatever was given. */
function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
