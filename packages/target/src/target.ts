import type {
  FoundSession,
  KeyLayout,
  RunId,
  SessionId,
  TargetLayout,
  TransformedBatch,
} from "@rehome/core";
import { openConnection } from "./connection.js";
import type { ConnectionOptions } from "./on-demand.js";
import {
  inspect,
  probeServer,
  readClock,
  readEvictedKeys,
  readInfo,
  type TargetFacts,
} from "./inspect.js";
import { load, type LoadResult } from "./load.js";
import { makeLongestValue } from "./longest-value.js";
import { checkMarker, placeMarker, removeMarker } from "./marker.js";
import { readMemory, type TargetMemory } from "./memory.js";
import { arePresent, readBack } from "./read-back.js";
import { tryRights } from "./rights.js";
import { scanIds } from "./scan-ids.js";
import type { LoadOptions } from "./script-calls.js";
import { openWire } from "./wire.js";
import { findWriteWay, refusalOfRestore, type WriteWay } from "./write-way.js";

/**
 * The Redis that receives the sessions. Every method rejects with a RehomeError fit to be shown, `retryable`
 * where the server may come back, and works again once it has.
 */
export interface Target {
  /** Connects, and refuses a server that can be no target. */
  probe(): Promise<void>;
  /** Preflight for sessions of this layout; leaves nothing behind, and writes nothing under their prefix. */
  inspect(layout: TargetLayout): Promise<TargetFacts>;
  /** Rejects where this user may not read and write under the prefix; writes nothing. */
  tryRights(keys: KeyLayout): Promise<void>;
  /** The server's time, in Unix ms. */
  clock(): Promise<number>;
  /** How sessions of this layout are written to this server. */
  writeWay(layout: TargetLayout): Promise<WriteWay>;
  /**
   * Writes, keeps or removes each session by the run's conflict policy; one result per session, in order, null for
   * a rejected one. The batch must stay as it is until then. Repeating it does no harm.
   */
  load(sessions: TransformedBatch, options: LoadOptions): Promise<(LoadResult | null)[]>;
  /** What the target holds of each, in order; each one's type, value and expiry are of one moment. */
  readBack(ids: readonly SessionId[], layout: TargetLayout): Promise<FoundSession[]>;
  /** Whether there is a key, of whatever type, for each, in order. */
  arePresent(ids: readonly SessionId[], keys: KeyLayout): Promise<boolean[]>;
  /** The ids of all keys under the prefix, by SCAN; see scan-ids.ts for how exact that is. */
  scanIds(keys: KeyLayout, signal?: AbortSignal): AsyncIterable<SessionId[]>;
  /** Places a run's marker, outside the prefix; returns the token to check it by, which renews it. */
  placeMarker(run: RunId, keyPrefix: string): Promise<string>;
  checkMarker(run: RunId, token: string, keyPrefix: string): Promise<boolean>;
  removeMarker(run: RunId, keyPrefix: string): Promise<void>;
  /** Tells an emptied target from another one: `host:port/db`, and the server process's own id ('' if it may not be read). */
  identity(): Promise<{ address: string; runId: string }>;
  /** How many keys the server has evicted since it started; null where it does not tell. */
  evictedKeys(): Promise<number | null>;
  /** For a gauge: cheap, and writes nothing. */
  memory(): Promise<TargetMemory>;
  close(): Promise<void>;
}

/** Connects when first needed. Throws RehomeError `malformed-url` (exit 2) unless it is a redis:// or rediss:// URL. */
export function openTarget(url: URL, options: ConnectionOptions = {}): Target {
  const connection = openConnection(url, options);
  const wire = openWire(url, options);
  const clients = { connection, wire, longestValue: makeLongestValue(wire) };
  const ways = new Map<TargetLayout["type"], Promise<WriteWay>>();

  /** Found out when first needed, and again after anything went wrong: another server may have taken over. */
  async function knownWay(layout: TargetLayout): Promise<WriteWay> {
    const asked = ways.get(layout.type) ?? findWriteWay(connection, layout);
    ways.set(layout.type, asked);
    return await asked.catch((error: unknown) => {
      ways.clear();
      throw error;
    });
  }

  /** A server that has ceased to take RESTORE is written to the other way at once: a load may be repeated. */
  async function loadEitherWay(
    sessions: TransformedBatch,
    loadOptions: LoadOptions,
  ): Promise<(LoadResult | null)[]> {
    const { layout } = loadOptions;
    const found = await knownWay(layout);
    try {
      return await load(clients, found, sessions, loadOptions);
    } catch (error) {
      ways.clear();
      clients.longestValue.forget();
      if (found.kind !== "restore" || refusalOfRestore(error) === null) throw error;
      const again = await knownWay(layout);
      if (again.kind === "restore") throw error;
      return await load(clients, again, sessions, loadOptions);
    }
  }

  return {
    probe: () => probeServer(connection),
    inspect: (layout) => inspect(clients, layout),
    tryRights: (keys) => tryRights(connection, keys),
    clock: () => readClock(connection),
    writeWay: knownWay,
    load: loadEitherWay,
    readBack: (ids, layout) => readBack(connection, ids, layout),
    arePresent: (ids, keys) => arePresent(connection, ids, keys),
    scanIds: (keys, signal) => scanIds(connection, keys, signal),
    placeMarker: (run, keyPrefix) => placeMarker(connection, run, keyPrefix),
    checkMarker: (run, token, keyPrefix) => checkMarker(connection, run, token, keyPrefix),
    removeMarker: (run, keyPrefix) => removeMarker(connection, run, keyPrefix),
    identity: async () => {
      const info = await readInfo(connection);
      return { address: connection.address, runId: info.get("run_id") ?? "" };
    },
    evictedKeys: () => readEvictedKeys(connection),
    memory: () => readMemory(connection),
    close: async () => {
      connection.close();
      wire.close();
    },
  };
}
