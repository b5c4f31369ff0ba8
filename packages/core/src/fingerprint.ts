import { createHmac, randomBytes } from "node:crypto";
import type { SessionId } from "./session.js";

/** The secret of one run's fingerprints: without it a fingerprint could be found by hashing known ids. */
export function newFingerprintKey(): string {
  return randomBytes(32).toString("hex");
}

/** The only form in which a session id may be shown: 12 hex digits, stable within a run. */
export function fingerprint(key: string, id: SessionId): string {
  return createHmac("sha256", key).update(id).digest("hex").slice(0, 12);
}
