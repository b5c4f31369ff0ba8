import {
  configPath,
  type Mapping,
  type NamedStore,
  printable,
  RehomeError,
  type ResolvedStore,
  showTable,
  targetLayoutOf,
} from "@rehome/core";
import { countWorkers, inspectQueue, KEY_PREFIX } from "@rehome/queue";
import type { TargetFacts } from "@rehome/target";
import type { Servers } from "./connections.js";
import { detail } from "./output.js";

export interface Facts {
  /** As found in the source. */
  readonly store: ResolvedStore;
  readonly sourceIdentity: string;
  /** Bytes. */
  readonly targetUsedMemory: number | null;
  /** Null where the target evicts no keys, or does not tell. */
  readonly targetEvictedKeys: number | null;
  readonly warnings: readonly string[];
}

/** Checks everything a run needs before anything is written. Throws RehomeError for the first thing that is wrong. */
export async function preflight(
  { queue, source, target }: Servers,
  options: {
    readonly store: NamedStore;
    readonly mapping: Mapping;
    readonly allowEviction: boolean;
    readonly allowSharedIds: boolean;
  },
): Promise<Facts> {
  const { mapping, allowEviction, allowSharedIds } = options;
  const queueFacts = await inspectQueue(queue);
  const sourceFacts = await source.inspect(options.store);
  const { store } = sourceFacts;
  if (!allowSharedIds) refuseSharedIds(store);
  const targetFacts = await target.inspect(targetLayoutOf({ store, mapping }));
  if (!allowEviction) refuseEviction(targetFacts);
  detail(`queue: Redis ${queueFacts.version}`);
  detail(`source: PostgreSQL ${sourceFacts.version}, store ${store.name}, times in ${store.zone}`);
  detail(`target: Redis ${targetFacts.version}, maxmemory-policy ${targetFacts.maxmemoryPolicy}`);
  const warnings = [...queueFacts.warnings, ...sourceFacts.warnings, ...targetFacts.warnings];
  if (queueFacts.runId === targetFacts.runId) {
    if (mapping.keyPrefix.startsWith(KEY_PREFIX) || KEY_PREFIX.startsWith(mapping.keyPrefix)) {
      throw new RehomeError(
        "prefix-overlap",
        `queue and target are one server, and ${prefixPath(store, mapping)} overlaps ${KEY_PREFIX}`,
        {
          hint: "Give the sessions another keyPrefix, or the queue a server of its own",
          exitCode: 2,
        },
      );
    }
    warnings.push("queue and target are one server: in production, give the queue its own");
  }
  if ((await countWorkers(queue)) === 0) {
    warnings.push("no worker is connected yet: start some with: rehome-worker");
  }
  return {
    store,
    sourceIdentity: sourceFacts.identity,
    targetUsedMemory: targetFacts.usedMemory,
    targetEvictedKeys: targetFacts.evictedKeys,
    warnings,
  };
}

/** Where the config gives the prefix: the mapping overrides the store. */
function prefixPath(store: ResolvedStore, mapping: Mapping): string {
  return mapping.keyPrefix === store.keyPrefix
    ? configPath(store, "keyPrefix")
    : "mapping.keyPrefix";
}

/** Rows that share an id are rejected, all of them: whoever has such a session is logged out. */
function refuseSharedIds({ isUnique, sessions }: ResolvedStore): void {
  if (isUnique) return;
  const id = printable(`${showTable(sessions.table)}.${sessions.id}`);
  throw new RehomeError("shared-ids", `source: nothing makes ${id} unique`, {
    hint: "Create a unique index on it alone; or start with --allow-shared-ids: sessions that share an id are then rejected",
    exitCode: 2,
  });
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
