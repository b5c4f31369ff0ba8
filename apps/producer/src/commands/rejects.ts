import { listRejects, resolveRun } from "@rehome/queue";
import { withQueue } from "../connections.js";
import { formatReject } from "../format.js";
import { print } from "../output.js";

/** Streams, since a run may have as many rejects as sessions. */
export async function rejects(
  named: string | undefined,
  options: { json?: boolean },
): Promise<number> {
  return await withQueue(async (queue) => {
    const run = await resolveRun(queue, named);
    let count = 0;
    for await (const reject of listRejects(queue, run)) {
      if (options.json) process.stdout.write(`${count === 0 ? "[" : ","}${JSON.stringify(reject)}`);
      else print(formatReject(reject));
      count += 1;
    }
    if (options.json) print(count === 0 ? "[]" : "]");
    else if (count === 0) print(`run ${run} rejected nothing`);
    return 0;
  });
}
