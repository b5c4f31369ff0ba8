import { afterEach, expect, inject } from "vitest";
import { type House, type HouseOptions, openHouse, until } from "../src/e2e/house.js";
import { clock, compareAll } from "../src/e2e/oracle.js";
import { addUsers } from "../src/e2e/sessions.js";
import { FURNISHED, furnish } from "./furnished-database.js";

const houses: House[] = [];

afterEach(async () => {
  for (const house of houses.splice(0)) await house.close();
});

/** Servers of a file's own that have been furnished. */
const furnished = new Set<string>();

/** A house with the reference schema and two users. */
export async function furnishedHouse(
  options: Omit<HouseOptions, "database"> & {
    readonly canary?: string;
    readonly postgresUrl?: string;
  } = {},
): Promise<House> {
  const { postgresUrl } = options;
  if (postgresUrl !== undefined && !furnished.has(postgresUrl)) {
    await furnish(postgresUrl);
    furnished.add(postgresUrl);
  }
  const house = await bareHouse({ ...options, database: { template: FURNISHED } });
  await addUsers(house.source, options.canary);
  return house;
}

export async function bareHouse(
  options: HouseOptions & { readonly postgresUrl?: string } = {},
): Promise<House> {
  const house = await openHouse(options.postgresUrl ?? inject("postgresUrl"), options);
  houses.push(house);
  return house;
}

export interface Status {
  readonly run: string;
  readonly phase: string;
  readonly chunks: Readonly<Record<"total" | "waiting" | "active" | "done" | "failed", number>>;
  readonly sessions: Readonly<
    Record<"planned" | "read" | "migrated" | "kept" | "expired" | "rejected", number>
  >;
  readonly notice: string | null;
}

export interface Verification {
  readonly checked: number;
  readonly matched: number;
  readonly missing: number;
  readonly mismatched: number | null;
  readonly extra: number | null;
  readonly kept: number;
  readonly expired: number;
  readonly rejected: number;
  readonly ok: boolean | null;
}

/** Runs a migration to its end and gives its last status; exit 3 is a completed one with rejects. */
export async function migrate(house: House, ...args: string[]): Promise<Status> {
  return await house.rehomeJson<Status>(["start", "--wait", ...args], [0, 3]);
}

/** Asked of the queue itself, since a process for each look would slow down what is looked at. */
async function isIdle({ queue }: House): Promise<boolean> {
  const [active, runs] = [await queue.get("{rehome}:active"), await queue.zcard("{rehome}:runs")];
  return active === null && runs > 0;
}

/** Waits until the run has ended, however it ends, and gives its last status. */
export async function untilEnded(house: House, timeoutMs = 40_000): Promise<Status> {
  await until("the run has ended", () => isIdle(house), timeoutMs);
  return await readStatus(house);
}

/** As one does on the dashboard: what was to befall the run has met its chunks half done, and nobody waits for the rest. */
export async function liftRate({ queue }: House): Promise<void> {
  const run = await queue.get("{rehome}:active");
  if (run === null) return;
  const record = `{rehome}:run:${run}`;
  await queue.multi().hset(record, "maxRate", "").del(`${record}:rate-limiter`).exec();
}

export async function readStatus(house: House, run?: string): Promise<Status> {
  return await house.rehomeJson<Status>(["status", ...(run === undefined ? [] : [run])]);
}

/** Lets the run go on to its end, and demands that it ended well and lost nothing. */
export async function expectCompleted(
  house: House,
  sessions: Partial<Status["sessions"]> = {},
  timeoutMs = 40_000,
): Promise<Status> {
  await liftRate(house);
  const status = await untilEnded(house, timeoutMs);
  const { read, migrated, kept, expired, rejected } = status.sessions;
  expect(migrated + kept + expired + rejected).toBe(read);
  expect(status).toMatchObject({ phase: "completed", notice: null, sessions });
  expect(status.chunks).toMatchObject({ waiting: 0, active: 0, failed: 0 });
  await expectMoved(house);
  return status;
}

/** Every session of the source is in the target as it must be, and nothing else is. */
export async function expectMoved(house: House): Promise<void> {
  const found = await compareAll(house.source, house.target, { since: await clock(house.target) });
  expect(found).toMatchObject({ lost: 0, stale: 0, extra: 0, immortal: 0, examples: [] });
  expect(found.checked).toBeGreaterThan(0);
}

/**
 * Begins a run slow enough for what befalls it to meet chunks half done; returns its id once something is
 * written.
 */
export async function startSlowly(house: House, ...args: string[]): Promise<string> {
  const slow = ["--chunk-size", "250", "--max-rate", "500"];
  const { run } = await house.rehomeJson<{ run: string }>(["start", ...slow, ...args]);
  await until("sessions are written", async () => (await house.target.dbsize()) > 1);
  return run;
}

/** Waits until the status says what the run waits for, and demands that this used up no attempt. */
export async function expectWaiting(house: House, run: string, reason: RegExp): Promise<Status> {
  await until(`the run waits: ${reason.source}`, async () =>
    reason.test((await house.queue.hget(`{rehome}:run:${run}`, "waiting")) ?? ""),
  );
  const status = await readStatus(house, run);
  expect(status.notice).toMatch(reason);
  expect(status.phase).toBe("running");
  expect(status.chunks.failed).toBe(0);
  await expectNoAttempts(house, run);
  return status;
}

export async function expectNoAttempts(house: House, run: string): Promise<void> {
  for (const job of await house.queue.keys(`{rehome}:chunks:${run}-copy-*`)) {
    if (job.endsWith(":lock")) continue;
    const [attempts, finished] = await house.queue.hmget(job, "atm", "finishedOn");
    // Succeeding is an attempt too.
    expect(attempts).toBe(finished === null ? null : "1");
  }
}
