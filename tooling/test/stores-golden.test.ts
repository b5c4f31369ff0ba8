import { beforeAll, describe, expect, it } from "vitest";
import type { House } from "../src/e2e/house.js";
import { type Golden, readGolden, recordKeys, restoreRows } from "../src/stores/golden.js";
import {
  applicationKeys,
  moveStore,
  openStaffedHouse,
  startZonedPostgres,
} from "./store-fixture.js";

// Of our programs; never the servers' zone.
process.env["TZ"] = "Pacific/Auckland";

const PRESETS = ["scs", "spring-session", "symfony", "laravel", "flask-session"];

/** One for each zone in which files were recorded. */
const houses = new Map<string, House>();
const goldens = new Map<string, Golden>();

beforeAll(async () => {
  for (const preset of PRESETS) {
    const golden = await readGolden(preset);
    goldens.set(preset, golden);
    const zone = golden.serverTimeZone;
    if (!houses.has(zone)) houses.set(zone, await openStaffedHouse(await startZonedPostgres(zone)));
  }
});

describe.each(PRESETS)("a run with the preset %s", (preset) => {
  it("leaves what the framework's own Redis store reads, byte for byte and to the millisecond, and nothing else", async () => {
    const golden = goldens.get(preset)!;
    const house = houses.get(golden.serverTimeZone)!;
    await house.target.flushall();
    await house.source.query("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
    await restoreRows(house.source, golden);

    const { keys, expired, rejected } = golden;
    const moved = await moveStore(house, { preset, ...golden.options });
    expect(moved.status.sessions).toMatchObject({
      read: keys.length + expired.length + rejected.length,
      migrated: keys.length,
      kept: 0,
      expired: expired.length,
      rejected: rejected.length,
    });
    // What is rejected in these files is without an expiry, or with one that never comes.
    expect(moved.rejects.map(({ code }) => code)).toEqual(rejected.map(() => "time-out-of-range"));
    expect(moved.verification).toMatchObject({
      matched: keys.length,
      missing: 0,
      mismatched: 0,
      expired: expired.length,
      rejected: rejected.length,
      ok: true,
    });

    const inOrder = keys.toSorted((one, other) => (one.key < other.key ? -1 : 1));
    expect(await recordKeys(house.target, await applicationKeys(house))).toEqual(inOrder);
  });
});
