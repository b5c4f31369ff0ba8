import type { RequestHandler } from "express";
import helmet from "helmet";

const SHARED = {
  baseUri: ["'none'"],
  connectSrc: ["'self'"],
  defaultSrc: ["'none'"],
  fontSrc: ["'self'"],
  formAction: ["'self'"],
  imgSrc: ["'self'", "data:"],
  objectSrc: ["'none'"],
  scriptSrc: ["'self'"],
};

/** Our own page: nothing inline, nothing from outside, in nobody's frame. */
export function pageHeaders(overTls: boolean): RequestHandler {
  return headers(overTls, {
    ...SHARED,
    styleSrc: ["'self'"],
    frameSrc: ["'self'"],
    frameAncestors: ["'none'"],
  });
}

/** Bull Board styles its page inline, has a base, and stands in a frame of ours. */
export function boardHeaders(overTls: boolean): RequestHandler {
  return headers(overTls, {
    ...SHARED,
    baseUri: ["'self'"],
    styleSrc: ["'self'", "'unsafe-inline'"],
    frameAncestors: ["'self'"],
  });
}

function headers(overTls: boolean, directives: Record<string, string[]>): RequestHandler {
  const framed = directives["frameAncestors"]?.includes("'self'") === true;
  const usual = helmet({
    contentSecurityPolicy: { useDefaults: false, directives },
    crossOriginEmbedderPolicy: true,
    referrerPolicy: { policy: "no-referrer" },
    xFrameOptions: { action: framed ? "sameorigin" : "deny" },
    // Only a proxy speaks TLS, and only where an https origin was configured.
    strictTransportSecurity: overTls && { maxAge: 31_536_000, includeSubDomains: false },
  });
  return (request, response, next) => {
    response.set(
      "permissions-policy",
      "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    );
    usual(request, response, next);
  };
}
