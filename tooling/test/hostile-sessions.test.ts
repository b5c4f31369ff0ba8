import { describe, expect, it } from "vitest";
import { addHostile, migrateHostile, WRITE_WAYS } from "../src/hostile/hostile-run.js";
import { bareHouse } from "./house-fixture.js";

const SEED = Number(process.env["REHOME_TEST_SEED"] ?? Date.now() % 1_000_000);
console.log(`REHOME_TEST_SEED=${SEED}`);
const COUNT = 3_000;

describe("sessions whose every id, name and value is hostile", () => {
  it.each(WRITE_WAYS)("arrive byte for byte, written by %s", async (way) => {
    const house = await bareHouse();
    await addHostile(house, SEED, COUNT);
    const { status, findings } = await migrateHostile(house, way);
    expect(findings).toMatchObject({ lost: 0, stale: 0, extra: 0, immortal: 0 });
    expect(findings.checked).toBe(COUNT);
    const { read, migrated, rejected } = status.sessions;
    expect([status.phase, read, migrated + rejected]).toEqual(["completed", COUNT, COUNT]);
    expect(migrated).toBeGreaterThan(COUNT / 2);
  });
});
