import { createHash } from "node:crypto";
import pg from "pg";
import type { Arena, Contender } from "./contender.js";

const SAMPLE = 500;

interface ExpectedRow {
  readonly id: string;
  readonly expires_at: string;
  readonly value: unknown;
}

/** Throws unless the target holds as many sessions as were moved, and a sample of them as the source has them. */
export async function check(arena: Arena, contender: Contender, moved: number): Promise<void> {
  const held = await countSessions(arena);
  if (held !== moved) throw new Error(`${contender.name}: ${held} sessions of ${moved}`);
  const { sql, table, id } = arena.workload.expected;
  const source = new pg.Client(arena.urls.SOURCE_URL);
  await source.connect();
  try {
    const some =
      moved < arena.sessions
        ? `ORDER BY ${id} LIMIT ${SAMPLE}`
        : `WHERE s.ctid IN (SELECT ctid FROM ${table} ORDER BY random() LIMIT ${SAMPLE})`;
    const { rows } = await source.query<ExpectedRow>(`${sql} ${some}`);
    if (rows.length === 0) throw new Error("the sample is empty");
    for (const row of rows) await compare(arena, contender, row);
  } finally {
    await source.end();
  }
}

async function compare(
  { redis, workload: { expected } }: Arena,
  contender: Contender,
  row: ExpectedRow,
): Promise<void> {
  const key = expected.keyPrefix + row.id;
  const tolerance = contender.leaves === "milliseconds" ? 1 : 1_000;
  const expiresAt = await redis.pexpiretime(key);
  const isInTime = Math.abs(expiresAt - Number(row.expires_at)) <= tolerance;
  if (isInTime && (await expected.holds(redis, key, row.value))) return;
  const shown = createHash("sha256").update(row.id).digest("hex").slice(0, 12);
  throw new Error(`${contender.name}: session ${shown} is not as in the source`);
}

/** All keys but a run's marker. */
async function countSessions({ redis }: Arena): Promise<number> {
  const [, markers] = await redis.scan("0", "MATCH", "rehome:*", "COUNT", 10_000_000);
  return (await redis.dbsize()) - markers.length;
}
