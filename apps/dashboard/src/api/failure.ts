import { RehomeError } from "@rehome/core";
import type { Answer } from "./answer.js";

/** What an operator asked for and the state of the run does not allow. */
const CONFLICTS = ["wrong-phase", "run-active", "not-verified", "nothing-to-retry"];

/** An expected failure says what it is; of an unexpected one nothing is given away. */
export function answerFailure(error: unknown): Answer {
  if (!(error instanceof RehomeError))
    return { status: 500, body: { error: { code: "unexpected", message: "unexpected error" } } };
  const { code, message, hint } = error;
  return { status: statusOf(error), body: { error: { code, message, hint } } };
}

function statusOf({ code, retryable }: RehomeError): number {
  if (code === "unknown-run" || code === "unknown-chunk" || code === "no-run") return 404;
  if (code === "bad-request") return 400;
  if (CONFLICTS.includes(code)) return 409;
  return retryable ? 503 : 500;
}
