import { describe, expect, it } from "vitest";
import type { House } from "../src/e2e/house.js";
import { clock, compareAll, type OracleOptions } from "../src/e2e/oracle.js";
import { addManySessions, addSession } from "../src/e2e/sessions.js";
import { furnishedHouse, migrate } from "./house-fixture.js";

async function judged(house: House, options: Partial<OracleOptions> = {}) {
  const { examples: _, ...counts } = await compareAll(house.source, house.target, {
    since: await clock(house.target),
    ...options,
  });
  return counts;
}

const SOUND = { checked: 20, lost: 0, stale: 0, extra: 0, immortal: 0 };

describe("the oracle", () => {
  it("finds what is lost, stale, extra or immortal, and nothing where all is well", async () => {
    const house = await furnishedHouse();
    await addManySessions(house.source, 20);
    await house.startWorker();
    await migrate(house);
    expect(await judged(house)).toEqual(SOUND);

    const [a = "", b = "", c = "", d = "", e = ""] = await house.target.keys("session:*");
    await house.target.del(a);
    await house.target.hset(b, "theme", "other");
    await house.target.hset(c, "more", "than there was");
    await house.target.pexpireat(d, (await house.target.pexpiretime(d)) + 1);
    await house.target.persist(e);
    await house.target.set("session:nobody's", "x", "EX", 100);
    expect(await judged(house)).toEqual({ checked: 20, lost: 1, stale: 3, extra: 1, immortal: 1 });
  });

  it("holds with the newest writer, and demands that the expired are gone", async () => {
    const house = await furnishedHouse();
    await addManySessions(house.source, 18);
    await addSession(house.source, { id: "expired", expiresAt: "2020-01-01" });
    await addSession(house.source, { id: "collides", attributes: { email: "x" } });
    await house.startWorker();
    await migrate(house);
    const [key = ""] = await house.target.keys("session:*");
    const id = key.slice("session:".length);
    const expiresAt = (await clock(house.target)) + 1_000_000;
    const theirs = { fields: { user_id: "1", last_activity_at: "9" }, expiresAt, isNewer: true };
    const application = new Map([[id, theirs]]);
    expect(await judged(house, { application })).toEqual({ ...SOUND, stale: 1 });
    await house.target.del(key);
    await house.target.hset(key, theirs.fields);
    await house.target.pexpireat(key, expiresAt);
    expect(await judged(house, { application })).toEqual(SOUND);
    expect(await judged(house)).toEqual({ ...SOUND, stale: 1 });
    await house.target.set("session:expired", "x", "EX", 100);
    expect(await judged(house, { application })).toEqual({ ...SOUND, extra: 1 });
  });
});
