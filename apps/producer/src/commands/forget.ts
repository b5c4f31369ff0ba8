import { messageWithHint, RehomeError } from "@rehome/core";
import { forgetRun, readRun, resolveRun, type Run } from "@rehome/queue";
import { openTarget } from "@rehome/target";
import { isSet, urls } from "../config.js";
import { withQueue } from "../connections.js";
import { note, printJson } from "../output.js";

/**
 * Deletes the run's ledger: its bounds and rejects are credentials. Its marker goes with it where the target is known,
 * and else expires.
 */
export async function forget(
  named: string | undefined,
  { json }: { readonly json?: boolean },
): Promise<number> {
  return await withQueue(async (queue) => {
    const run = await readRun(queue, await resolveRun(queue, named));
    await forgetRun(queue, run.id);
    await forgetMarker(run);
    if (json) printJson({ run: run.id });
    else note(`run ${run.id} is forgotten`);
    return 0;
  });
}

/** The ledger is gone already: whatever is the matter with the target is no failure of the command. */
async function forgetMarker({ id, mapping }: Run): Promise<void> {
  if (!isSet("TARGET_URL")) return;
  try {
    const target = openTarget(urls.target());
    try {
      await target.removeMarker(id, mapping.keyPrefix);
    } finally {
      await target.close();
    }
  } catch (error) {
    if (!(error instanceof RehomeError)) throw error;
    note(
      `warning: the run's marker stays in the target until it expires: ${messageWithHint(error)}`,
    );
  }
}
