import type { Redis } from "ioredis";
import type pg from "pg";
import type { SpecialSessions } from "./special-sessions.js";

/** The parts of `status --json`, `rejects --json` and `verify --json` that the demo judges. */
export interface Status {
  readonly run: string;
  readonly phase: string;
  readonly chunks: Readonly<Record<string, number>>;
  readonly sessions: Readonly<
    Record<"planned" | "read" | "migrated" | "kept" | "expired" | "rejected", number>
  >;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  readonly sessionsPerSecond: number | null;
}
export interface Reject {
  readonly fingerprint: string;
  readonly code: string;
  readonly message: string;
}
export interface Verification {
  readonly checked: number;
  readonly matched: number;
  readonly kept: number;
  readonly expired: number;
  readonly rejected: number;
  readonly ok: boolean | null;
}

/** Everything that is not as it must be, counted in the databases and not by Rehome; empty when all is well. */
export async function findWrong(
  source: pg.Client,
  target: Redis,
  special: SpecialSessions,
  seen: { status: Status; rejects: readonly Reject[]; verification: Verification; sample: number },
): Promise<string[]> {
  const { rows } = await source.query<{ total: string; expired: string }>(
    "SELECT count(*) AS total, count(*) FILTER (WHERE expires_at <= localtimestamp) AS expired FROM user_sessions",
  );
  const [total, expired] = [Number(rows[0]?.total), Number(rows[0]?.expired)];
  const rejected = Object.values(special.rejects).reduce((sum, count) => sum + count, 0);
  const { sessions } = seen.status;
  const wrong: string[] = [];
  const expect = (what: string, found: unknown, wanted: unknown) => {
    if (JSON.stringify(found) !== JSON.stringify(wanted)) {
      wrong.push(`${what}: ${JSON.stringify(found)}, and it should be ${JSON.stringify(wanted)}`);
    }
  };
  expect("phase", seen.status.phase, "completed");
  expect("sessions read", sessions.read, total);
  expect(
    "sum of outcomes",
    sessions.migrated + sessions.kept + sessions.expired + sessions.rejected,
    total,
  );
  expect("expired", sessions.expired, expired);
  expect("kept", sessions.kept, special.kept);
  expect("rejected", sessions.rejected, rejected);
  expect("rejects by code", countBy(seen.rejects), countBy(expand(special.rejects)));
  expect("sessions verified", seen.verification.checked, Math.min(seen.sample, total));
  expect("verification", seen.verification.ok, true);
  expect("ended sessions still in the target", await target.exists(...special.endedKeys), 0);
  expect(
    "keys in the target",
    await countKeys(target),
    sessions.migrated + special.kept + (special.rejects["wrong-type"] ?? 0),
  );
  return wrong;
}

async function countKeys(target: Redis): Promise<number> {
  const seen = new Set<string>();
  for await (const keys of target.scanStream({ match: "session:*", count: 1_000 })) {
    for (const key of keys as string[]) seen.add(key);
  }
  return seen.size;
}

export function countBy(rejects: readonly { code: string }[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const { code } of rejects) counts.set(code, (counts.get(code) ?? 0) + 1);
  return [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function expand(counts: Readonly<Record<string, number>>): { code: string }[] {
  return Object.entries(counts).flatMap(([code, count]) =>
    Array.from({ length: count }, () => ({ code })),
  );
}
