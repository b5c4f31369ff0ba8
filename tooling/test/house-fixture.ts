import { afterEach, expect, inject } from "vitest";
import type { DatabaseOptions } from "../src/local-services/index.js";
import { type House, openHouse } from "../src/e2e/house.js";
import { addUsers } from "../src/e2e/sessions.js";

const houses: House[] = [];

afterEach(async () => {
  for (const house of houses.splice(0)) await house.close();
});

/** A house with the reference schema and two users. */
export async function furnishedHouse(
  options: { database?: DatabaseOptions; queueArgs?: string[]; canary?: string } = {},
): Promise<House> {
  const house = await bareHouse(options);
  const seeded = await house.rehome(["seed", "--users", "1", "--sessions", "0"]);
  expect(seeded).toMatchObject({ code: 0 });
  await house.source.query("TRUNCATE users CASCADE");
  await addUsers(house.source, options.canary);
  return house;
}

export async function bareHouse(
  options: { database?: DatabaseOptions; queueArgs?: string[] } = {},
): Promise<House> {
  const house = await openHouse(inject("postgresUrl"), options);
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
  readonly ok: boolean;
}

/** Runs a migration to its end and gives its last status; exit 3 is a completed one with rejects. */
export async function migrate(house: House, ...args: string[]): Promise<Status> {
  return await house.rehomeJson<Status>(["start", "--wait", ...args], [0, 3]);
}
