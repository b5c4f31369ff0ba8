import { type QueueConnection, listRejects, resolveRun } from "@rehome/queue";
import type { RunId } from "@rehome/core";
import { withQueue } from "../connections.js";
import { formatNumber, formatReject } from "../format.js";
import { isStdoutOpen, print } from "../output.js";

/** Streams them: a run may have as many rejects as sessions. */
export async function rejects(
  named: string | undefined,
  options: { json?: boolean },
): Promise<number> {
  return await withQueue(async (queue) => {
    const run = await resolveRun(queue, named);
    if (options.json) await printArray(queue, run);
    else await printGroups(queue, run);
    return 0;
  });
}

async function printArray(queue: QueueConnection, run: RunId): Promise<void> {
  let separator = "[";
  for await (const reject of listRejects(queue, run)) {
    print(`${separator}${JSON.stringify(reject)}`, "");
    separator = ",\n";
    if (!isStdoutOpen()) return;
  }
  print(separator === "[" ? "[]" : "]");
}

/** Reads them twice, since the count of each code comes before its rejects. */
async function printGroups(queue: QueueConnection, run: RunId): Promise<void> {
  const groups = new Map<string, number>();
  for await (const { code } of listRejects(queue, run))
    groups.set(code, (groups.get(code) ?? 0) + 1);
  if (groups.size === 0) print(`run ${run} rejected nothing`);
  for (const [code, count] of groups) {
    print(`${code}: ${formatNumber(count)}`);
    for await (const reject of listRejects(queue, run)) {
      if (reject.code === code) print(`  ${formatReject(reject)}`);
      if (!isStdoutOpen()) return;
    }
  }
}
