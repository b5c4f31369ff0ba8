import type { Request } from "express";
import type { Login, Logins } from "./logins.js";
import { TOKEN_HEADER } from "./sign-in.js";

const LOOPBACK = /^(127(\.\d{1,3}){3}|\[::1\]|::1|localhost)$/;

export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}

/**
 * Without logins the loopback address is all that protects the dashboard, and a page from elsewhere could have its
 * own name lead there (DNS rebinding): only requests that name loopback themselves are heard.
 */
export function namesLoopback(request: Request): boolean {
  const host = request.headers.host ?? "";
  return URL.canParse(`http://${host}`) && isLoopback(new URL(`http://${host}`).hostname);
}

/**
 * Whether a proxy says that it passed the request on: seen from here, all that it lets in comes from this machine, and
 * it may put loopback for the name that was asked for.
 */
export function isProxied(request: Request): boolean {
  return Object.keys(request.headers).some(
    (name) => name === "forwarded" || name === "via" || name.startsWith("x-forwarded-"),
  );
}

/** Whether a change was asked for by our own page: browsers name the origin with every request that is not a GET. */
export function isFromOurPage(request: Request, origin: string | null): boolean {
  const given = request.headers.origin;
  const site = request.headers["sec-fetch-site"];
  if (given === undefined || (site !== undefined && site !== "same-origin")) return false;
  return given === (origin ?? `http://${request.headers.host ?? ""}`);
}

export function hasToken(request: Request, logins: Logins, login: Login): boolean {
  return logins.isToken(login, request.get(TOKEN_HEADER));
}
