import { RehomeError } from "@rehome/core";
import type { Answer } from "./answer.js";

/** An expected failure says what it is; of an unexpected one nothing is given away. */
export function answerFailure(error: unknown): Answer {
  if (!(error instanceof RehomeError))
    return { status: 500, body: { error: { code: "unexpected" } } };
  const { code, message, hint } = error;
  const status = code === "unknown-run" ? 404 : error.retryable ? 503 : 500;
  return { status, body: { error: { code, message, hint } } };
}
