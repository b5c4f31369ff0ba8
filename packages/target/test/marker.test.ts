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

test("a marker outlives any time the run may take", async () => {
  const keys = prefix();
  await target.placeMarker(run, keys);
  expect(await redis.pttl(`rehome:marker:${run}`)).toBe(-1);
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
