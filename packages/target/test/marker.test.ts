import { newRunId } from "@rehome/core";
import { afterAll, expect, inject, test } from "vitest";
import { openTarget } from "../src/index.js";
import { countKeys, useTarget } from "./target-fixture.js";

const { target, redis, prefix } = useTarget();
const otherUrl = new URL(inject("redisUrl"));
otherUrl.pathname = "/1";
const other = openTarget(otherUrl);
afterAll(() => other.close());

const run = newRunId(new Date());

test("a marker is known by its token until it is removed, and only in the database it was placed in", async () => {
  const keys = prefix();
  const token = await target.placeMarker(run, keys);
  expect(await target.checkMarker(run, token, keys)).toBe(true);
  expect(await other.checkMarker(run, token, keys)).toBe(false);
  expect(await target.checkMarker(run, "another", keys)).toBe(false);
  expect(await target.checkMarker(newRunId(new Date(0)), token, keys)).toBe(false);
  await target.removeMarker(run, keys);
  expect(await target.checkMarker(run, token, keys)).toBe(false);
});

const MONTH_MS = 30 * 86_400_000;

test("a marker expires, later than the ledger of a run that ended when it was last asked for", async () => {
  const [keys, key] = [prefix(), `rehome:marker:${run}`];
  const token = await target.placeMarker(run, keys);
  expect(await redis.pttl(key)).toBeGreaterThan(MONTH_MS);
  await redis.pexpire(key, 5_000);
  expect(await target.checkMarker(run, "another", keys)).toBe(false);
  expect(await redis.pttl(key)).toBeLessThanOrEqual(5_000);
  expect(await target.checkMarker(run, token, keys)).toBe(true);
  expect(await redis.pttl(key)).toBeGreaterThan(MONTH_MS);
  await target.removeMarker(run, keys);
});

test("a marker is renewed by a user who may not call PEXPIRE, and known by one who may not write at all", async () => {
  const [keys, key] = [prefix(), `rehome:marker:${run}`];
  const token = await target.placeMarker(run, keys);
  for (const [rules, renews] of [
    [["-pexpire"], true],
    [["-pexpire", "-set"], false],
  ] as const) {
    const url = new URL(inject("redisUrl"));
    [url.username, url.password] = ["marker-user", "canary-pass"];
    await redis.acl(
      "SETUSER",
      url.username,
      "reset",
      "on",
      ">canary-pass",
      "~*",
      "+@all",
      ...rules,
    );
    const limited = openTarget(url);
    await redis.pexpire(key, 5_000);
    expect(await limited.checkMarker(run, token, keys)).toBe(true);
    expect((await redis.pttl(key)) > MONTH_MS).toBe(renews);
    await limited.close();
  }
  await target.removeMarker(run, keys);
});

test("every marker has a token of its own", async () => {
  const keys = prefix();
  const [a, b] = [await target.placeMarker(run, keys), await target.placeMarker(run, keys)];
  expect(a).not.toBe(b);
  expect(await target.checkMarker(run, a, keys)).toBe(false);
  await target.removeMarker(run, keys);
});

test.each(["r", "rehome:", "rehome:marker:", "rehome:marker:2", ".", ".rehome:", "session:"])(
  "no marker is taken for a session, nor a session for a marker, under the prefix %s",
  async (keys) => {
    const before = await countKeys(target, keys);
    const size = await redis.dbsize();
    const token = await target.placeMarker(run, keys);
    expect(await target.checkMarker(run, token, keys)).toBe(true);
    expect(await countKeys(target, keys)).toBe(before);
    await target.removeMarker(run, keys);
    expect(await redis.dbsize()).toBeLessThanOrEqual(size);
  },
);

test("identity tells server and database, and nothing that is secret", async () => {
  const [here, there] = [await target.identity(), await other.identity()];
  expect(here.address).toBe(`127.0.0.1:${otherUrl.port}/0`);
  expect(there).toEqual({ address: `127.0.0.1:${otherUrl.port}/1`, runId: here.runId });
  expect(here.runId).toMatch(/^[0-9a-f]{40}$/);
});
