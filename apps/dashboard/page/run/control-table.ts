import type { ControlName } from "../../src/view-model.js";

/** Something an operator may do: what it is called, and what is asked first. The server says when it is allowed. */
export interface Control {
  readonly name: ControlName;
  readonly verb: "pause" | "resume" | "cancel" | "retry" | "verify" | "rate";
  readonly label: string;
  readonly question: string;
  readonly form?: "verify" | "rate";
  readonly body?: Readonly<Record<string, string>>;
  readonly dangerous?: boolean;
}

export const CONTROLS: readonly Control[] = [
  {
    name: "pause",
    verb: "pause",
    label: "Pause",
    question: "No worker will start another batch. Nothing is lost; the run can go on at any time.",
  },
  {
    name: "resume",
    verb: "resume",
    label: "Resume",
    question: "The workers will go on where they stopped.",
  },
  {
    name: "rate",
    verb: "rate",
    label: "Change the rate",
    question: "How many sessions a second may all workers together copy?",
    form: "rate",
  },
  {
    name: "retry-failed",
    verb: "retry",
    label: "Retry failed chunks",
    question: "The chunks that failed will be copied again, whole.",
    body: { scope: "failed" },
  },
  {
    name: "retry-rejects",
    verb: "retry",
    label: "Retry rejects",
    question: "Exactly the sessions that were rejected will be tried again.",
    body: { scope: "rejects" },
  },
  {
    name: "verify",
    verb: "verify",
    label: "Verify",
    question: "The workers will compare source and target.",
    form: "verify",
  },
  {
    name: "cancel",
    verb: "cancel",
    label: "Cancel the run",
    question: "The run will end for good. What was written to the target stays there.",
    dangerous: true,
  },
];
