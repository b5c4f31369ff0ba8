import { describe, expect, it } from "vitest";
import { addSession } from "../src/e2e/sessions.js";
import { addHostile, migrateHostile, WRITE_WAYS } from "../src/hostile/hostile-run.js";
import { bareHouse } from "./house-fixture.js";

const SEED = Number(process.env["REHOME_TEST_SEED"] ?? Date.now() % 1_000_000);
console.log(`REHOME_TEST_SEED=${SEED}`);
const COUNT = 3_000;

describe("sessions whose every id, name and value is hostile", () => {
  it.each(WRITE_WAYS)("arrive byte for byte, written by %s", async (way) => {
    const house = await bareHouse();
    await addHostile(house, SEED, COUNT);
    await addSession(house.source, { id: "witness", userAgent: "x".repeat(100) });
    const { status, findings } = await migrateHostile(house, way);
    // It was that way: HSET does not keep a text of more than 64 bytes in a listpack.
    expect(await house.target.object("ENCODING", "session:witness")).toBe(
      way === "restore" ? "listpack" : "hashtable",
    );
    expect(findings).toMatchObject({ lost: 0, stale: 0, extra: 0, immortal: 0 });
    expect(findings.checked).toBe(COUNT + 1);
    const { read, migrated, rejected } = status.sessions;
    expect([status.phase, read, migrated + rejected]).toEqual(["completed", COUNT + 1, COUNT + 1]);
    expect(migrated).toBeGreaterThan(COUNT / 2);
  });
});
