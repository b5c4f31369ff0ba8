import { DEFAULT_SAMPLE, RehomeError, type RunId, VERIFY_MODES } from "@rehome/core";
import {
  cancelRun,
  changeRate,
  pauseRun,
  type QueueConnection,
  readRun,
  recordAction,
  resolveRun,
  resumeRun,
  retryRun,
  startVerification,
} from "@rehome/queue";
import type { Logger } from "pino";
import { z } from "zod";
import type { Login } from "../login/logins.js";
import { type Answer, ok } from "./answer.js";

/** What an operator may do to a run, each giving a sentence that says what it did. */
const CONTROLS = {
  pause: control(z.strictObject({}), async (queue, run) => {
    await pauseRun(queue, run);
    return "paused: no new batch starts";
  }),
  resume: control(z.strictObject({}), async (queue, run) => {
    await resumeRun(queue, run);
    return `resumed${await whatThePlanNeeds(queue, run)}`;
  }),
  cancel: control(z.strictObject({}), async (queue, run) => {
    const held = await cancelRun(queue, run);
    const rest =
      held === 0 ? "" : `; ${held} of its jobs are still held by a worker that does not answer`;
    return `cancelled: what was written stays${rest}`;
  }),
  retry: control(
    z.strictObject({ scope: z.enum(["failed", "rejects"]) }),
    async (queue, run, { scope }) => {
      const chunks = await retryRun(queue, run, scope);
      if (chunks === 0)
        throw new RehomeError("nothing-to-retry", `run ${run} has nothing to retry`);
      const what = scope === "failed" ? "what failed" : "the rejected sessions";
      return `retrying ${what} in ${count(chunks, "chunk")}${await whatThePlanNeeds(queue, run)}`;
    },
  ),
  verify: control(
    z.strictObject({
      mode: z.enum(VERIFY_MODES),
      sample: z.int().min(1).max(1_000_000).default(DEFAULT_SAMPLE),
    }),
    async (queue, run, scope) => {
      await startVerification(queue, run, scope);
      return scope.mode === "count"
        ? "verifying the presence of every session"
        : `verifying a sample of ${count(scope.sample, "session")}`;
    },
  ),
  rate: control(
    z.strictObject({ maxRate: z.int().min(1).max(10_000_000).nullable() }),
    async (queue, run, { maxRate }) => {
      await changeRate(queue, run, maxRate);
      return maxRate === null
        ? "the rate is unlimited now"
        : `at most ${count(maxRate, "session")} a second now`;
    },
  ),
} as const;

export type Verb = keyof typeof CONTROLS;

function control<T>(
  schema: z.ZodType<T>,
  act: (queue: QueueConnection, run: RunId, given: T) => Promise<string>,
) {
  return async (queue: QueueConnection, run: RunId, body: unknown): Promise<string> => {
    const { success, data } = schema.safeParse(body ?? {});
    if (!success) throw new RehomeError("bad-request", "that is not what this verb takes");
    return await act(queue, run, data);
  };
}

/** Changes a run. What came of it is answered, logged, and kept in the audit log, with who asked for it. */
export async function changeRun(
  queue: QueueConnection,
  log: Logger,
  login: Login,
  request: { readonly run: string; readonly verb: string; readonly body: unknown },
): Promise<Answer> {
  if (!Object.hasOwn(CONTROLS, request.verb))
    throw new RehomeError("bad-request", "there is no such verb");
  const verb = request.verb as Verb;
  const run = await resolveRun(queue, request.run);
  const tell = async (outcome: string, ok: boolean) => {
    log.info({ who: login.name, what: verb, run, outcome, ok }, "operator");
    // What was done is done, and what was refused has its own reason, where the audit log cannot be written.
    await recordAction(queue, { who: login.name, what: verb, run, outcome, ok }).catch(
      (error: unknown) => log.warn({ err: error }, "the audit log misses this"),
    );
  };
  let did: string;
  try {
    did = await CONTROLS[verb](queue, run, request.body);
  } catch (error) {
    const reason = error instanceof RehomeError ? error.message : "unexpected error";
    await tell(`refused: ${reason}`, false);
    throw error;
  }
  await tell(did, true);
  return ok({ did });
}

/** Only the command line can plan: the dashboard never opens the source. */
async function whatThePlanNeeds(queue: QueueConnection, run: RunId): Promise<string> {
  const { planComplete } = await readRun(queue, run);
  return planComplete
    ? ""
    : `; its plan is not complete: unless rehome start is still running, finish the plan with rehome resume ${run}`;
}

function count(number: number, noun: string): string {
  return `${number.toLocaleString("en-US")} ${noun}${number === 1 ? "" : "s"}`;
}
