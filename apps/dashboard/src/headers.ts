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

/** Our own page: nothing inline, nothing from elsewhere, in no frame. */
export function pageHeaders(overTls: boolean): RequestHandler {
  return headers(overTls, {
    ...SHARED,
    styleSrc: ["'self'"],
    frameSrc: ["'self'"],
    frameAncestors: ["'none'"],
  });
}

/** Bull Board has inline styles and a base element, and our page shows it in a frame. */
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
    // TLS is spoken by a proxy, where the origin configured is an https one.
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
