import { setTimeout as sleep } from "node:timers/promises";
import type { Values } from "@rehome/config";
import { conclude, describeGone, reasonForNoVerdict, RehomeError, type RunId } from "@rehome/core";
import {
  countWorkers,
  type QueueConnection,
  readHoldUp,
  readStatus,
  readVerification,
  resolveRun,
  startVerification,
  type VerificationRecord,
} from "@rehome/queue";
import { SingleBar } from "cli-progress";
import { terminal } from "../config.js";
import { withQueue } from "../connections.js";
import { formatVerification } from "../format.js";
import { throughOutages } from "../outage.js";
import { isQuiet, note, print, printJson } from "../output.js";

const POLL_MS = 250;

export interface VerifyOptions extends Values<"verify"> {
  json?: boolean;
}

/** Adds the jobs with which the workers compare, chunk by chunk, and waits for the verdict. Returns the exit code. */
export async function verify(named: string | undefined, options: VerifyOptions): Promise<number> {
  return await withQueue(async (queue) => {
    const run = await resolveRun(queue, named);
    const id = await startVerification(queue, run, options);
    if ((await countWorkers(queue)) === 0)
      note("warning: no worker is connected: start some with: rehome-worker");
    const record = await untilVerified(queue, run, id);
    if (record.failed > 0) {
      throw new RehomeError(
        "not-verified",
        `run ${run}: ${record.failed} of ${record.total} chunks could not be compared`,
        {
          hint: "Look in the workers' logs for the reason, then verify again",
        },
      );
    }
    const { sessions } = await throughOutages(() => readStatus(queue, run));
    const coverage = { ...sessions, asked: record.asked };
    const result = conclude(run, options.mode, record.counts, coverage);
    const remark =
      reasonForNoVerdict(record.counts, coverage) ?? describeGone(record.counts, coverage);
    if (options.json) {
      printJson(result);
      if (remark !== null) note(`${result.ok === null ? "no verdict" : "warning"}: ${remark}`);
    } else print(formatVerification(result, remark));
    return result.ok === true ? 0 : 3;
  });
}

async function untilVerified(
  queue: QueueConnection,
  run: RunId,
  id: string,
): Promise<VerificationRecord> {
  const bar =
    terminal.animated && !isQuiet()
      ? new SingleBar({
          format: "verifying {bar} {percentage}% · {value}/{total} chunks",
          barCompleteChar: "█",
          barIncompleteChar: "░",
          barsize: 24,
          stream: process.stderr,
          hideCursor: true,
        })
      : null;
  bar?.start(1, 0);
  try {
    let waiting: string | null = null;
    for (;;) {
      const record = await throughOutages(() => readVerification(queue, run));
      if (record === null) throw new RehomeError("unknown-run", `run ${run} is gone`);
      // That one counts other sessions, perhaps in another mode.
      if (record.id !== id) {
        throw new RehomeError("not-verified", `run ${run}: another verification has begun`, {
          hint: "A run has one verification at a time: verify again when that one has ended",
        });
      }
      const reason = await throughOutages(() => readHoldUp(queue, record));
      if (reason !== null && reason !== waiting) note(reason);
      waiting = reason;
      bar?.setTotal(record.total);
      bar?.update(record.done + record.failed);
      if (record.done + record.failed >= record.total) return record;
      await sleep(POLL_MS);
    }
  } finally {
    bar?.stop();
  }
}
