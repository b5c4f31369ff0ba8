import type { RejectCode } from "./reject.js";
import type { SourceBatch } from "./source-batch.js";
import type { TransformedBatch } from "./transformed-batch.js";

/** Why a session is rejected. */
export interface Refusal {
  readonly code: RejectCode;
  readonly message: string;
}

export function refusal(code: RejectCode, message: string): Refusal {
  return { code, message };
}

/** Writes a part of a session's value, or all of it; returns why that cannot be done. */
export type ValueWriter = (
  from: SourceBatch,
  session: number,
  into: TransformedBatch,
) => Refusal | null;

/** In a transformed batch, a string is the value of one field of this name. */
export const NO_NAME = Buffer.alloc(0);
