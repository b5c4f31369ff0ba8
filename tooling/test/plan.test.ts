import type { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { addSession } from "../src/e2e/sessions.js";
import { bareHouse, furnishedHouse, migrate } from "./house-fixture.js";

interface Plan {
  readonly sessions: { readonly total: number; readonly live: number; readonly expired: number };
  readonly chunks: number;
  readonly chunkSize: number;
  readonly projectedBytes: number | null;
  readonly projectedSeconds: number | null;
  readonly warnings: readonly string[];
}

describe("rehome plan", () => {
  it("tells what a run then does, and how much memory that takes, within a fifth", async () => {
    const house = await bareHouse();
    await house.rehome(["seed", "--users", "2000", "--sessions", "20000"]);
    const plan = await house.rehomeJson<Plan>(["plan", "--chunk-size", "3000"]);
    expect(Object.keys(plan)).toEqual([
      "sessions",
      "chunks",
      "chunkSize",
      "projectedBytes",
      "projectedSeconds",
      "warnings",
    ]);
    expect(plan).toMatchObject({
      sessions: { total: 20_000, live: 19_000, expired: 1_000 },
      chunks: 7,
      chunkSize: 3_000,
      warnings: [],
    });
    expect(plan.projectedSeconds).toBeGreaterThan(0);

    await house.startWorker();
    const before = await usedMemory(house.target);
    const status = await migrate(house, "--chunk-size", "3000");
    expect(status).toMatchObject({
      chunks: { total: 7 },
      sessions: { migrated: 19_000, expired: 1_000 },
    });
    const used = (await usedMemory(house.target)) - before;
    expect((plan.projectedBytes ?? 0) / used).toBeGreaterThan(0.8);
    expect((plan.projectedBytes ?? 0) / used).toBeLessThan(1.2);
  });

  it("needs the source alone and writes nothing anywhere", async () => {
    const house = await furnishedHouse();
    await addSession(house.source, { id: "session-1", attributes: { cart: "1", user_id: "x" } });
    await addSession(house.source, {
      id: "session-2",
      userId: 2,
      expiresAt: "2020-01-01",
      attributes: { cart: "1" },
    });
    await house.source.query(
      "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$",
    );
    const { code, stdout, stderr } = await house.rehome(["plan"], {
      TARGET_URL: "",
      QUEUE_URL: "",
    });
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout).toMatch(/2: 1 live, 1 expired/);
    expect(stdout).toMatch(/1 without preferences/);
    expect(stdout).toMatch(/1 sessions, for an attribute named like a field/);
    expect(stdout).toMatch(/2 {2}"cart"\n.*1 {2}"user_id" {2}collides/);
    expect(stderr).toMatch(/warning: 1 sessions have an attribute named like a field/);
    expect(stdout + stderr).not.toMatch(/ada@|session-/);
    expect(await house.target.dbsize()).toBe(0);
    expect(await house.queue.dbsize()).toBe(0);
  });

  it("of an empty table projects nothing it cannot know", async () => {
    const house = await furnishedHouse();
    expect(await house.rehomeJson<Plan>(["plan"])).toEqual({
      sessions: { total: 0, live: 0, expired: 0 },
      chunks: 0,
      chunkSize: 20_000,
      projectedBytes: null,
      projectedSeconds: null,
      warnings: [],
    });
  });
});

async function usedMemory(redis: Redis): Promise<number> {
  return Number(/^used_memory:(\d+)/m.exec(await redis.info("memory"))?.[1]);
}
