import { isRunId, RehomeError, type RunId } from "@rehome/core";
import { z } from "zod";

export const JOB_KINDS = ["copy", "verify"] as const;
export type JobKind = (typeof JOB_KINDS)[number];

/** All a job says: bounds are credentials and stay in the ledger. */
export interface Payload {
  readonly run: RunId;
  readonly chunk: number;
}

const payloadSchema = z.strictObject({
  run: z.custom<RunId>((value) => typeof value === "string" && isRunId(value)),
  chunk: z.int().nonnegative(),
});

const kindSchema = z.enum(JOB_KINDS);

/**
 * Reads a job taken from the queue, where anyone with access could have put anything. Throws RehomeError,
 * not retryable; what was found is not quoted.
 */
export function parseJob(job: {
  id?: string | undefined;
  name: string;
  data: unknown;
}): Payload & { readonly kind: JobKind } {
  const kind = kindSchema.safeParse(job.name);
  const payload = payloadSchema.safeParse(job.data);
  const isOurs =
    kind.success &&
    payload.success &&
    job.id === jobId(payload.data.run, kind.data, payload.data.chunk);
  if (!isOurs) {
    throw new RehomeError("malformed-job", "the job's id, name or payload is not one of Rehome's", {
      hint: "Remove the job: a chunk that has lost its job is requeued automatically",
    });
  }
  return { ...payload.data, kind: kind.data };
}

/** Deterministic, so that adding a job twice adds it once. */
export function jobId(run: RunId, kind: JobKind, chunk: number): string {
  return `${run}-${kind}-${chunk}`;
}
