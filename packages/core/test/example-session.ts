import {
  type Mapping,
  MAX_TIME_BYTES,
  type SessionId,
  type TimestampForm,
  writeTime,
} from "../src/index.js";
import { mappingOf } from "./example-mapping.js";
import { referenceStore } from "./resolved-store.js";
import { microsecondsOf, toMilliseconds } from "./source-row.js";
import type { SourceSession } from "./source-session.js";

export function sessionId(text: string): SessionId {
  return text as SessionId;
}

/** Microseconds since the epoch of a UTC time with six digits of fraction. */
export function instant(iso: string): bigint {
  return BigInt(Date.parse(`${iso.slice(0, 23)}Z`)) * 1000n + BigInt(iso.slice(23, 26));
}

/** The inverse of `instant`, in every form. */
export function renderInstant(time: bigint, form: TimestampForm): string {
  const bytes = Buffer.alloc(MAX_TIME_BYTES);
  const end = writeTime(bytes, 0, toMilliseconds(time), microsecondsOf(time), form);
  return bytes.toString("latin1", 0, end);
}

/** A session with nothing unusual about it, but for what the test says. */
export function exampleSession(unusual: Partial<SourceSession> = {}): SourceSession {
  return {
    id: sessionId("4b1f0c1e-example"),
    userId: "42",
    username: "ada",
    email: "ada@example.org",
    ipAddress: "192.0.2.7",
    userAgent: "Mozilla/5.0",
    createdAt: instant("2026-11-20T08:00:00.000001Z"),
    lastActivityAt: instant("2026-11-23T18:38:56.924123Z"),
    expiresAt: instant("2026-12-01T00:00:00.000999Z"),
    theme: "light",
    language: "en",
    notificationsEnabled: true,
    attributes: ["cart_json", '{"items":[]}', "step", "2"],
    bytes: 200,
    ...unusual,
  };
}

export function mappingWith(options: Partial<Mapping> = {}): Mapping {
  return mappingOf(referenceStore, options);
}

/** Every column that may be null, and is. */
export const NOTHING = {
  userId: null,
  username: null,
  email: null,
  ipAddress: null,
  userAgent: null,
  createdAt: null,
  lastActivityAt: null,
  theme: null,
  language: null,
  notificationsEnabled: null,
} as const;
