import { listStatuses, readStatus, resolveRun } from "@rehome/queue";
import { withQueue } from "../connections.js";
import { formatRuns, formatStatus } from "../format.js";
import { onInterrupt } from "../interrupt.js";
import { print, printJson } from "../output.js";
import { watchRun } from "../watch-run.js";

export async function status(
  named: string | undefined,
  options: { watch?: boolean; json?: boolean },
): Promise<number> {
  return await withQueue(async (queue) => {
    const run = await resolveRun(queue, named);
    if (options.watch) {
      const interrupt = onInterrupt(() => undefined);
      await watchRun(queue, run, interrupt.signal);
      interrupt.dispose();
      if (interrupt.signal.aborted) return 130;
    }
    const document = await readStatus(queue, run);
    if (options.json) printJson(document);
    else print(formatStatus(document));
    return 0;
  });
}

export async function runs(options: { json?: boolean }): Promise<number> {
  return await withQueue(async (queue) => {
    const documents = await listStatuses(queue);
    if (options.json) printJson(documents);
    else print(formatRuns(documents));
    return 0;
  });
}
