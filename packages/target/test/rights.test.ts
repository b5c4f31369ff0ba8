import { openTarget } from "../src/index.js";
import { Redis } from "ioredis";
import { afterEach, beforeEach, expect, inject, test } from "vitest";
import { layoutUnder, rejection } from "./target-fixture.js";

let redis: Redis;
beforeEach(() => {
  redis = new Redis(inject("redisUrl"));
});
afterEach(() => {
  redis.disconnect();
});

test.each([
  ["a read", "%W~session:*"],
  ["a write", "%R~session:*"],
])("%s that the sessions' prefix lacks is found out without writing anything", async (_, keys) => {
  await redis.acl("SETUSER", "limited", "reset", "on", ">x", "+@all", "~rehome:*", keys);
  const url = new URL(inject("redisUrl"));
  [url.username, url.password] = ["limited", "x"];
  const target = openTarget(url);
  const before = await redis.dbsize();
  const layout = layoutUnder("session:");
  expect(await rejection(target.tryRights(layout.keys))).toMatchObject({ code: "target-NOPERM" });
  await redis.acl("SETUSER", "limited", "~session:*");
  await target.tryRights(layout.keys);
  expect(await redis.dbsize()).toBe(before);
  await target.close();
  await redis.acl("DELUSER", "limited");
});
