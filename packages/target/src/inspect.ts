import { randomUUID } from "node:crypto";
import { RehomeError, type SessionId, type TargetLayout, TransformedBatch } from "@rehome/core";
import type { Connection } from "./connection.js";
import { probePrefix } from "./key.js";
import { load, type TargetClients } from "./load.js";
import { readBack } from "./read-back.js";
import { describeWay, findWriteWay, type WriteWay } from "./write-way.js";

export interface TargetFacts {
  /** Where INFO is not allowed, texts are empty and numbers null. */
  readonly version: string;
  /** The server process's own id: two URLs with the same one lead to the same server. */
  readonly runId: string;
  readonly maxmemoryPolicy: string;
  /** Bytes. */
  readonly usedMemory: number | null;
  /** Bytes; null also where there is no limit. */
  readonly maxMemory: number | null;
  /** Keys evicted so far; null where the policy evicts none. */
  readonly evictedKeys: number | null;
  readonly writeWay: WriteWay;
  readonly warnings: readonly string[];
}

/** Long enough for a slow server, short enough for a probe that a crash left behind. */
const PROBE_LIFETIME_MS = 60_000;

/** What every session needs. CONFIG GET is not among it: without that a limit is taken to have its usual value. */
const NEEDED =
  "EVAL, EVALSHA, TYPE, EXISTS, SETRANGE, UNLINK, PEXPIRETIME, PTTL, TIME, SCAN, GET, SET, SELECT and INFO";
/** What hashes need besides, by either way to write them. */
const NEEDED_FOR_HASHES =
  "RESTORE (or HSET and PEXPIREAT where the target does not take it), HGET, HLEN, HMGET, HGETALL";

/**
 * Preflight: reachable, authenticated, a master, and everything that loading needs is allowed, tried out on a
 * key of our own. Throws RehomeError.
 */
export async function inspect(clients: TargetClients, layout: TargetLayout): Promise<TargetFacts> {
  const { connection } = clients;
  const warnings: string[] = [];
  const info = await readInfo(connection);
  if (info.size === 0)
    warnings.push("the target does not allow INFO: its version and memory are unknown");
  refuseUnfit(info);
  const way = await findWriteWay(connection, layout);
  if (way.kind === "hset") warnings.push(describeWay(way));
  await probe(clients, way, layout);

  const policy = info.get("maxmemory_policy") ?? "";
  const maxMemory = numberOf(info, "maxmemory");
  if (policy !== "" && policy !== "noeviction") {
    warnings.push(
      `the target may evict sessions when it is full: its maxmemory-policy is ${policy}`,
    );
  }
  return {
    version: info.get("redis_version") ?? "",
    runId: info.get("run_id") ?? "",
    maxmemoryPolicy: policy,
    usedMemory: numberOf(info, "used_memory"),
    maxMemory: maxMemory === 0 ? null : maxMemory,
    evictedKeys: policy === "noeviction" ? null : numberOf(info, "evicted_keys"),
    writeWay: way,
    warnings,
  };
}

/** Connects, and refuses a server that can be no target. Throws RehomeError. */
export async function probeServer(connection: Connection): Promise<void> {
  refuseUnfit(await readInfo(connection));
}

/** Empty where INFO is not allowed. */
export async function readInfo(connection: Connection): Promise<ReadonlyMap<string, string>> {
  const text = await connection.call("INFO", []).catch((error: unknown) => {
    // Some servers have it renamed away.
    if (error instanceof RehomeError && /^target-(NOPERM|ERR)$/.test(error.code)) return "";
    throw error;
  });
  const lines = String(text)
    .split("\r\n")
    .filter((line) => line.includes(":"));
  return new Map(
    lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]),
  );
}

/** How many keys the server has evicted since it started; null where it does not tell. */
export async function readEvictedKeys(connection: Connection): Promise<number | null> {
  return numberOf(await readInfo(connection), "evicted_keys");
}

/** The time by the server's clock, in Unix ms. */
export async function readClock(connection: Connection): Promise<number> {
  const [seconds, microseconds] = (await connection.call("TIME", [])) as [string, string];
  return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000);
}

function refuseUnfit(info: ReadonlyMap<string, string>): void {
  if (info.get("role") === "slave") {
    throw new RehomeError(
      "target-replica",
      "the target is a replica: what is written there is refused, or lost",
      {
        hint: "Give TARGET_URL the address of the master",
        exitCode: 2,
      },
    );
  }
  if (info.get("redis_mode") === "sentinel") {
    throw new RehomeError(
      "target-sentinel",
      "TARGET_URL leads to a Sentinel, which holds no sessions",
      {
        hint: "Give it the address of the master, which the Sentinel tells: SENTINEL get-master-addr-by-name <name>",
        exitCode: 2,
      },
    );
  }
  if (info.get("redis_mode") === "cluster") {
    throw new RehomeError("target-cluster", "the target is a cluster, which is not supported yet", {
      hint: "Give TARGET_URL the address of a single server",
      exitCode: 2,
    });
  }
}

/** Everything that happens to a session, done to one that is none. */
async function probe(clients: TargetClients, way: WriteWay, layout: TargetLayout): Promise<void> {
  const { connection } = clients;
  const { prefix } = layout.keys;
  const keys = { prefix: probePrefix(prefix), idHoldsPrefix: false, idKind: "text" } as const;
  const probed: TargetLayout = { ...layout, keys };
  const id = randomUUID() as SessionId;
  const fields = layout.type === "string" ? ["", "0"] : ["user_id", "0"];
  try {
    const expiresAt = (await readClock(connection)) + PROBE_LIFETIME_MS;
    const session = { id, fields, expiresAt, recency: null };
    const write = TransformedBatch.of([{ kind: "write", session }]);
    await load(clients, way, write, { layout: probed, conflict: "newer" });
    const repeated = await load(clients, way, write, { layout: probed, conflict: "keep" });
    const [found] = await readBack(connection, [id], probed);
    const expired = TransformedBatch.of([{ kind: "expired", id, expiresAt, recency: null }]);
    await load(clients, way, expired, { layout: probed, conflict: "replace" });
    if (repeated[0] !== "migrated" || found?.fields.length !== fields.length) {
      throw new RehomeError(
        "target-probe",
        "the target does not hold what was just written to it",
        {
          hint: "Check whether something else removes or changes its keys",
        },
      );
    }
  } catch (error) {
    if (!(error instanceof RehomeError && error.code === "target-NOPERM")) throw error;
    const needed = layout.type === "hash" ? `${NEEDED_FOR_HASHES}, ${NEEDED}` : NEEDED;
    throw new RehomeError(error.code, `${error.message}, on a key such as ${keys.prefix}…`, {
      hint: `Allow the user the commands ${needed}, on the keys ${prefix}* and ${keys.prefix.replace("probe:", "")}*`,
    });
  }
}

function numberOf(info: ReadonlyMap<string, string>, name: string): number | null {
  const text = info.get(name);
  return text === undefined ? null : Number(text);
}
