import type { RunId } from "@rehome/core";
import { readStatus } from "@rehome/queue";
import { openSource, type Source } from "@rehome/source";
import { openTarget, type Target } from "@rehome/target";
import { afterEach, describe, expect, inject, it, vi } from "vitest";
import { enqueue, newRun, startWork, useScene, work } from "./worker-fixture.js";

const scene = useScene();
const ROLE = `limited_${process.pid}`;
const closing: (Source | Target)[] = [];

afterEach(async () => {
  for (const server of closing.splice(0)) await server.close();
});

/** The worker leaves the chunk alone and says why; another one copies it. */
async function expectLeftToOthers(
  run: RunId,
  overrides: { source?: Source; target?: Target },
  notice: RegExp,
): Promise<void> {
  closing.push(...Object.values(overrides));
  await enqueue(scene, run, 1);
  const working = startWork(scene, overrides);
  await vi.waitFor(
    async () => {
      expect((await readStatus(scene.queue, run)).notice).toMatch(notice);
      expect(await scene.queue.jobs.getDelayedCount()).toBe(1);
    },
    { timeout: 10_000 },
  );
  await working.close();
  expect(working.ends).toEqual([]);
  expect((await readStatus(scene.queue, run)).chunks.failed).toBe(0);
  const job = await scene.queue.jobs.getJob(`${run}-copy-0`);
  expect(job?.attemptsMade).toBe(0);
  await job?.promote();
  expect(await work(scene, 1)).toEqual(["completed"]);
  expect(await readStatus(scene.queue, run)).toMatchObject({ phase: "completed", notice: null });
}

describe("a worker whose target's user", () => {
  async function targetFor(password: string, ...rules: string[]): Promise<Target> {
    await scene.targetClient.acl("SETUSER", ROLE, "reset", "on", ">right", "+@all", ...rules);
    const url = new URL(inject("targetUrl"));
    [url.username, url.password] = [ROLE, password];
    return openTarget(url);
  }

  it("may not touch the sessions' keys leaves the chunk to others, before it reads a session", async () => {
    const run = await newRun(scene);
    let loads = 0;
    const load: Target["load"] = () => {
      loads += 1;
      return Promise.resolve([]);
    };
    const target = { ...(await targetFor("right", "~rehome:*")), load };
    await expectLeftToOthers(run, { target }, /permission \(NOPERM\).*TARGET_URL/);
    expect(loads).toBe(0);
  });

  it("loses a right in mid-run leaves the chunk to others", async () => {
    const run = await newRun(scene);
    const allowed = await targetFor("right", "~*");
    const target: Target = {
      ...allowed,
      load: async (sessions, options) => {
        await scene.targetClient.acl("SETUSER", ROLE, "-restore", "-hset", "-eval", "-evalsha");
        return await allowed.load(sessions, options);
      },
    };
    await expectLeftToOthers(run, { target }, /permission \(NOPERM\).*TARGET_URL/);
  });

  it("has another password leaves the chunk to others", async () => {
    const run = await newRun(scene);
    const target = await targetFor("wrong", "~*");
    await expectLeftToOthers(run, { target }, /user or the password \(WRONGPASS\).*TARGET_URL/);
  });
});

describe("a worker whose source's user", () => {
  it.each([
    ["may not read a table", "LOGIN", /privilege \(42501\).*SOURCE_URL/],
    ["may not log in", "NOLOGIN", /\(28\w+\).*SOURCE_URL/],
  ])("%s leaves the chunk to others", async (_, login, notice) => {
    const run = await newRun(scene);
    await scene.client.query(`CREATE ROLE ${ROLE} ${login} PASSWORD 'x'`);
    try {
      const url = new URL(inject("postgresUrl"));
      [url.username, url.password] = [ROLE, "x"];
      await expectLeftToOthers(run, { source: openSource(url) }, notice);
    } finally {
      await scene.client.query(`DROP ROLE ${ROLE}`);
    }
  });
});
