import { type Mapping, RehomeError } from "@rehome/core";
import { countWorkers, inspectQueue, KEY_PREFIX } from "@rehome/queue";
import type { TargetFacts } from "@rehome/target";
import type { Servers } from "./connections.js";
import { detail } from "./output.js";

export interface Facts {
  readonly sourceIdentity: string;
  readonly timeZone: string;
  /** Bytes. */
  readonly targetUsedMemory: number | null;
  readonly warnings: readonly string[];
}

/**
 * Everything a run needs, looked at before anything is written. Throws RehomeError for the first thing amiss.
 */
export async function preflight(
  { queue, source, target }: Servers,
  { mapping, allowEviction }: { readonly mapping: Mapping; readonly allowEviction: boolean },
): Promise<Facts> {
  const queueFacts = await inspectQueue(queue);
  const sourceFacts = await source.inspect();
  const targetFacts = await target.inspect(mapping.keyPrefix);
  if (!allowEviction) refuseEviction(targetFacts);
  detail(`queue: Redis ${queueFacts.version}`);
  detail(`source: PostgreSQL ${sourceFacts.version}, timestamps in ${sourceFacts.timeZone}`);
  detail(`target: Redis ${targetFacts.version}, maxmemory-policy ${targetFacts.maxmemoryPolicy}`);
  const warnings = [...queueFacts.warnings, ...sourceFacts.warnings, ...targetFacts.warnings];
  if (queueFacts.runId === targetFacts.runId) {
    if (mapping.keyPrefix.startsWith(KEY_PREFIX) || KEY_PREFIX.startsWith(mapping.keyPrefix)) {
      throw new RehomeError(
        "prefix-overlap",
        `queue and target are one server, and the key prefix meets ${KEY_PREFIX}`,
        {
          hint: "Give the sessions another keyPrefix, or the queue a server of its own",
          exitCode: 2,
        },
      );
    }
    warnings.push("queue and target are one server: give the queue its own before production");
  }
  if ((await countWorkers(queue)) === 0) {
    warnings.push("no worker is connected yet: start some with: rehome-worker");
  }
  return {
    sourceIdentity: sourceFacts.identity,
    timeZone: sourceFacts.timeZone,
    targetUsedMemory: targetFacts.usedMemory,
    warnings,
  };
}

/** Whatever is evicted is a user logged out, and evicting the run's marker would stop the run. */
function refuseEviction({ maxmemoryPolicy }: TargetFacts): void {
  if (maxmemoryPolicy === "noeviction" || maxmemoryPolicy === "") return;
  throw new RehomeError(
    "target-evicts",
    `the target may evict sessions when it is full: its maxmemory-policy is ${maxmemoryPolicy}`,
    {
      hint: "On the server of TARGET_URL run: redis-cli CONFIG SET maxmemory-policy noeviction; or start with --allow-eviction",
      exitCode: 2,
    },
  );
}
