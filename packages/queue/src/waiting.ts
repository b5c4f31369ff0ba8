import type { RunId } from "@rehome/core";
import type { QueueConnection } from "./connection.js";
import { runKeys } from "./keys.js";
import type { JobKind } from "./payload.js";
import { loadScript } from "./script.js";

const waitingScript = loadScript("set-waiting");

/** Says what a run, or its verification, waits for, until a chunk of it is recorded or it ends. */
export async function setWaiting(
  queue: QueueConnection,
  run: RunId,
  kind: JobKind,
  reason: string,
): Promise<void> {
  const keys = runKeys(run);
  await waitingScript(queue.redis, [kind === "copy" ? keys.run : keys.verification], [reason]);
}
