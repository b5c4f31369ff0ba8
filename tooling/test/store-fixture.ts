import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect } from "vitest";
import { type House, openHouse } from "../src/e2e/house.js";
import { type PostgresServer, startPostgres } from "../src/local-services/index.js";
import type { Finished } from "../src/programs.js";
import type { Status, Verification } from "./house-fixture.js";

const closing: (() => Promise<unknown>)[] = [];

afterAll(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

/** Closes it, last in, first out, once the tests of the file have ended. */
export function closeLater(close: () => Promise<unknown>): void {
  closing.push(close);
}

/** A PostgreSQL server for one file, in a zone of its own: in UTC most mistakes with times cannot be seen. */
export async function startZonedPostgres(timezone: string): Promise<PostgresServer> {
  const server = await startPostgres({ settings: { timezone } });
  closeLater(() => server.stop());
  return server;
}

/** An empty database, two Redis servers and a worker, kept until the tests of the file have ended. */
export async function openStaffedHouse(postgres: PostgresServer): Promise<House> {
  const house = await openHouse(postgres.url);
  closeLater(() => house.close());
  await house.startWorker();
  return house;
}

export interface Reject {
  readonly fingerprint: string;
  readonly code: string;
  readonly message: string;
}

export interface Moved {
  readonly status: Status;
  readonly verification: Verification;
  readonly rejects: readonly Reject[];
}

/**
 * Runs a migration of `store`, as it would stand in the config file, to its end, and a verify of a sample that is
 * larger than the source. Demands that both exit as their documents say.
 */
export async function moveStore(house: House, store: unknown, start: object = {}): Promise<Moved> {
  const folder = await mkdtemp(join(tmpdir(), "rehome-store-"));
  try {
    const file = join(folder, "rehome.config.json");
    await writeFile(file, JSON.stringify({ store, start: { chunkSize: 10, ...start } }));
    const started = await house.rehome(["start", "--wait", "--json", "--config", file]);
    const status = documentOf<Status>(started);
    expect(status, started.stderr).toMatchObject({ phase: "completed", notice: null });
    expect(started.code).toBe(status.sessions.rejected === 0 ? 0 : 3);

    const verified = await house.rehome([
      "verify",
      "--mode",
      "sample",
      "--sample",
      "1000",
      "--json",
    ]);
    const verification = documentOf<Verification>(verified);
    expect(verified.code, verified.stdout).toBe(verification.ok ? 0 : 3);
    const rejects =
      status.sessions.rejected === 0 ? [] : await house.rehomeJson<Reject[]>(["rejects"]);
    return { status, verification, rejects };
  } finally {
    await rm(folder, { recursive: true });
  }
}

function documentOf<T>({ code, stdout, stderr }: Finished): T {
  if (stdout === "") throw new Error(`exited with ${code}: ${stderr}`);
  return JSON.parse(stdout) as T;
}

/** What Rehome itself keeps in the target, outside every prefix of a store. */
const OWN_KEYS = "rehome:";

/** The keys of the target but Rehome's own, in order. */
export async function applicationKeys({ target }: House): Promise<string[]> {
  const keys = await target.keys("*");
  return keys.filter((key) => !key.startsWith(OWN_KEYS)).toSorted();
}
