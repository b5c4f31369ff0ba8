import type { House } from "../e2e/house.js";
import { clock, compareAll, type Findings } from "../e2e/oracle.js";
import { makeRandom } from "../e2e/random.js";
import { addUsers } from "../e2e/sessions.js";
import type { Environment } from "../programs.js";
import { addHostileSessions, widenNames } from "./hostile-sessions.js";

/** The ways in which a target is written to: what its user may not do makes the difference. */
export const WRITE_WAYS = ["restore", "hset"] as const;
export type WriteWay = (typeof WRITE_WAYS)[number];

export interface HostileOutcome {
  readonly findings: Findings;
  readonly status: {
    readonly phase: string;
    readonly sessions: Readonly<Record<"read" | "migrated" | "rejected", number>>;
  };
}

/** Fills the source with so many hostile sessions. */
export async function addHostile(house: House, seed: number, count: number): Promise<void> {
  await house.rehome(["seed", "--users", "1", "--sessions", "0"]);
  await house.source.query("TRUNCATE users CASCADE");
  await addUsers(house.source);
  await widenNames(house.source);
  await addHostileSessions(house.source, makeRandom(seed), count);
}

/** Migrates them into an emptied target by one way, and compares byte for byte. */
export async function migrateHostile(house: House, way: WriteWay): Promise<HostileOutcome> {
  await house.target.flushall();
  const environment = await targetFor(house, way);
  const worker = await house.startWorker({ environment });
  try {
    const { stdout, stderr } = await house.rehome(
      ["start", "--wait", "--json", "--max-rejects", "1000000"],
      environment,
    );
    if (stdout === "") throw new Error(stderr);
    const since = await clock(house.target);
    return {
      status: JSON.parse(stdout) as HostileOutcome["status"],
      findings: await compareAll(house.source, house.target, { since }),
    };
  } finally {
    await worker.stop();
  }
}

async function targetFor(house: House, way: WriteWay): Promise<Environment> {
  const url = new URL(house.urls["TARGET_URL"] ?? "");
  if (way === "restore") return {};
  await house.target.call(
    "ACL",
    "SETUSER",
    "without",
    "reset",
    "on",
    ">pw",
    "~*",
    "+@all",
    "-restore",
  );
  url.username = "without";
  url.password = "pw";
  return { TARGET_URL: url.href };
}
