import type { Values } from "@rehome/config";
import {
  chunkSizeAt,
  isZoneless,
  LONGEST_CHUNK_SECONDS,
  type Mapping,
  type NamedStore,
  newFingerprintKey,
  newRunId,
  RehomeError,
  type RunId,
  step,
  usualChunkSize,
} from "@rehome/core";
import {
  createRun,
  type FrozenRun,
  type QueueConnection,
  readStatus,
  refuseWhileActive,
  resolveRun,
} from "@rehome/queue";
import type { SessionSource } from "@rehome/source";
import { chooseOrder, describeOrder } from "../choose-order.js";
import { type Servers, withServers } from "../connections.js";
import { exitCodeOf } from "../exit-code.js";
import { formatStatus } from "../format.js";
import { onInterrupt } from "../interrupt.js";
import { throughOutages } from "../outage.js";
import { detail, note, print, printJson } from "../output.js";
import { type PlannedRun, planRun } from "../plan-run.js";
import { preflight } from "../preflight.js";
import { watchPlanned } from "../watch-run.js";

export interface StartOptions extends Values<"start"> {
  /** The config file's, frozen into the run. */
  store: NamedStore;
  mapping: Mapping;
  wait?: boolean;
  json?: boolean;
}

interface Opened extends PlannedRun {
  readonly sessions: SessionSource;
}

/** Preflight, plan, enqueue; with `--wait` it stays until the run has ended. Returns the exit code. */
export async function start(options: StartOptions): Promise<number> {
  return await withServers(async (servers) => {
    const run = await openRun(servers, options);
    if (!options.json) print(run.id);
    const interrupt = onInterrupt(() =>
      note(
        options.wait
          ? `finishing the plan; after that the workers go on alone. Watch the run with: rehome status ${run.id} --watch`
          : "stopping before the plan is complete",
      ),
    );
    try {
      if (options.wait) return await wait(servers, run, interrupt.signal, options.json ?? false);
      await planRun({ queue: servers.queue, ...run }, run, interrupt.signal);
      if (options.json) printJson({ run: run.id });
      return 0;
    } catch (error) {
      if (!interrupt.signal.aborted) throw error;
      note(`interrupted; continue with: rehome resume ${run.id}`);
      return 130;
    } finally {
      interrupt.dispose();
    }
  });
}

/** Nothing is written before everything has been looked at, and the marker goes again where no run was made. */
async function openRun(servers: Servers, options: StartOptions): Promise<Opened> {
  const { queue, source, target } = servers;
  const { mapping } = options;
  const facts = await step("preflight", () => preflight(servers, options));
  await refuseWhileActive(queue);
  if (facts.store.columns.some(isZoneless))
    note(`times without a zone are read as ${facts.store.zone}`);
  for (const warning of facts.warnings) note(`warning: ${warning}`);
  const order = await step("choose-order", () => chooseOrder(source, facts.store, options.order));
  detail(`reading ${describeOrder(order)}`);
  const asked = options.chunkSize ?? usualChunkSize(order);
  const chunkSize = chunkSizeAt(options.maxRate, asked);
  if (chunkSize < asked) {
    note(
      `chunks of ${chunkSize} sessions instead of ${asked}: at --max-rate ${options.maxRate} each takes ${LONGEST_CHUNK_SECONDS} s`,
    );
  }

  const id = newRunId(new Date());
  const { runId, address } = await target.identity();
  const token = await step("place-marker", () => target.placeMarker(id, mapping.keyPrefix));
  const frozen: FrozenRun = {
    store: facts.store,
    mapping,
    conflict: options.onConflict,
    order,
    chunkSize,
    startedAt: await target.clock(),
    source: facts.sourceIdentity,
    target: {
      token,
      runId,
      address,
      usedBytes: facts.targetUsedMemory,
      evictedKeys: facts.targetEvictedKeys,
    },
    fingerprintKey: newFingerprintKey(),
  };
  const limits = { maxRate: options.maxRate, maxRejects: options.maxRejects };
  try {
    await step("create-run", () => createRun(queue, id, frozen, limits));
  } catch (error) {
    // The run may be there all the same, where only the answer was lost.
    if (!(await mayExist(queue, id)))
      await target.removeMarker(id, mapping.keyPrefix).catch(() => undefined);
    throw error;
  }
  return { id, order, chunkSize, sessions: source.sessions(facts.store, order) };
}

/** Where the queue does not say, the marker stays until it expires. */
async function mayExist(queue: QueueConnection, id: RunId): Promise<boolean> {
  try {
    await resolveRun(queue, id);
    return true;
  } catch (error) {
    return !(error instanceof RehomeError && error.code === "unknown-run");
  }
}

/** The plan goes on to its end when the wait is interrupted. */
async function wait(
  servers: Servers,
  run: Opened,
  signal: AbortSignal,
  json: boolean,
): Promise<number> {
  const { queue } = servers;
  await watchPlanned(queue, run.id, (failure) => planRun({ queue, ...run }, run, failure), signal);
  const status = await throughOutages(() => readStatus(queue, run.id), { signal });
  if (json) printJson(status);
  else note(formatStatus(status));
  return signal.aborted ? 130 : exitCodeOf(status);
}
