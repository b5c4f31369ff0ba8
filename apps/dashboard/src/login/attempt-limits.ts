import type { Request, RequestHandler } from "express";
import { rateLimit } from "express-rate-limit";
import { addressOf } from "./client-address.js";

const QUARTER_HOUR_MS = 15 * 60_000;
const HOUR_MS = 60 * 60_000;

/** Addresses that signed in before, remembered as long as the process runs. */
const MOST_KNOWN = 10_000;

export interface AttemptLimits {
  /** To go before the sign-in. */
  readonly handlers: RequestHandler[];
  /** Notes that this name has signed in from the request's address. */
  remember(name: string, request: Request): void;
}

/**
 * Limits failed attempts per address, per name from one address, and per name from anywhere. Nobody locks a user out
 * alone: one address cannot use up the limit of a name, and however many can, they do not keep the user from signing
 * in from an address that was used before.
 */
export function makeAttemptLimits(nameOf: (request: Request) => string): AttemptLimits {
  const known = new Set<string>();
  const pairOf = (request: Request) => `${nameOf(request)} ${addressOf(request)}`;
  const handlers = [
    // In this order: an attempt that one limit refuses must not count against the next.
    rateLimit({ ...SHARED, windowMs: QUARTER_HOUR_MS, limit: 50, keyGenerator: addressOf }),
    rateLimit({ ...SHARED, windowMs: QUARTER_HOUR_MS, limit: 10, keyGenerator: pairOf }),
    rateLimit({
      ...SHARED,
      windowMs: HOUR_MS,
      // More than the limit before lets one address try within an hour.
      limit: 60,
      keyGenerator: nameOf,
      skip: (request) => known.has(pairOf(request)),
    }),
  ];
  return {
    handlers,
    remember: (name, request) => {
      const pair = `${name} ${addressOf(request)}`;
      known.delete(pair);
      known.add(pair);
      const [oldest] = known;
      if (known.size > MOST_KNOWN && oldest !== undefined) known.delete(oldest);
    },
  };
}

const SHARED = {
  skipSuccessfulRequests: true,
  standardHeaders: "draft-8",
  legacyHeaders: false,
  validate: { xForwardedForHeader: false, forwardedHeader: false },
  message: {
    error: { code: "too-many-attempts", message: "too many attempts: try again later" },
  },
} as const;
