import { fingerprint, type RejectCode, type RunId, type SessionId } from "@rehome/core";
import type { QueueConnection } from "./connection.js";
import { runKeys } from "./keys.js";
import { readRun, rethrow } from "./run-record.js";

/** A reject as it may be shown. */
export interface ShownReject {
  readonly fingerprint: string;
  readonly chunk: number;
  readonly code: RejectCode;
  readonly message: string;
  readonly attempts: number;
  /** ISO 8601. */
  readonly at: string;
}

/** Every reject of a run, chunk by chunk, read in pages. */
export async function* listRejects(
  queue: QueueConnection,
  run: RunId,
): AsyncGenerator<ShownReject> {
  const { fingerprintKey, total } = await readRun(queue, run);
  const keys = runKeys(run);
  for (let chunk = 0; chunk < total; chunk += 1) {
    let cursor = "0";
    do {
      const [next, entries] = await queue.redis
        .hscan(keys.rejects(chunk), cursor, "COUNT", 500)
        .catch(rethrow);
      for (let i = 0; i < entries.length; i += 2) {
        const reject = JSON.parse(entries[i + 1] as string) as Omit<ShownReject, "fingerprint">;
        yield { fingerprint: fingerprint(fingerprintKey, entries[i] as SessionId), ...reject };
      }
      cursor = next;
    } while (cursor !== "0");
  }
}
