import type { Phase, RunView } from "../../src/view-model.js";

/** Something an operator may do: when, what it is called, and what is asked first. */
export interface Control {
  readonly verb: "pause" | "resume" | "cancel" | "retry" | "verify" | "rate";
  readonly label: string;
  readonly question: string;
  readonly form?: "verify" | "rate";
  readonly body?: Readonly<Record<string, string>>;
  readonly dangerous?: boolean;
  allowed(phase: Phase, run: RunView): boolean;
}

const ACTIVE: readonly Phase[] = ["planning", "running", "paused"];
const RETRIED: readonly Phase[] = ["completed", "failed"];

export const CONTROLS: readonly Control[] = [
  {
    verb: "pause",
    label: "Pause",
    question: "No worker will start another batch. Nothing is lost; the run can go on at any time.",
    allowed: (phase) => phase === "planning" || phase === "running",
  },
  {
    verb: "resume",
    label: "Resume",
    question: "The workers will go on where they stopped.",
    allowed: (phase) => phase === "paused",
  },
  {
    verb: "rate",
    label: "Change the rate",
    question: "How many sessions a second may all workers together copy?",
    form: "rate",
    allowed: (phase) => ACTIVE.includes(phase),
  },
  {
    verb: "retry",
    label: "Retry failed chunks",
    question: "The chunks that failed will be copied again, whole.",
    body: { scope: "failed" },
    allowed: (phase, { status }) => RETRIED.includes(phase) && status.chunks.failed > 0,
  },
  {
    verb: "retry",
    label: "Retry rejects",
    question: "Exactly the sessions that were rejected will be tried again.",
    body: { scope: "rejects" },
    allowed: (phase, { status }) => RETRIED.includes(phase) && status.sessions.rejected > 0,
  },
  {
    verb: "verify",
    label: "Verify",
    question: "The workers will compare source and target.",
    form: "verify",
    allowed: (phase, { planComplete }) => !ACTIVE.includes(phase) && planComplete,
  },
  {
    verb: "cancel",
    label: "Cancel the run",
    question: "The run will end for good. What was written to the target stays there.",
    dangerous: true,
    allowed: (phase) => ACTIVE.includes(phase),
  },
];
