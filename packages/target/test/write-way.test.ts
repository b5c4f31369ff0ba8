import { Redis } from "ioredis";
import { expect, inject, onTestFinished, test } from "vitest";
import { openTarget } from "../src/index.js";
import { batchOf, EXPIRY, options, write, layoutUnder } from "./target-fixture.js";

test("a server that ceases to take RESTORE in mid-run is written to by HSET from then on, and no load fails", async () => {
  const redis = new Redis(inject("redisUrl"));
  const rules = ["on", ">secret", "~*", "&*", "+@all"];
  await redis.acl("SETUSER", "loses-restore", ...rules);
  const url = new URL(inject("redisUrl"));
  [url.username, url.password] = ["loses-restore", "secret"];
  const target = openTarget(url);
  onTestFinished(async () => {
    await target.close();
    await redis.acl("DELUSER", "loses-restore");
    redis.disconnect();
  });
  const keys = "write-way:";
  expect((await target.writeWay(layoutUnder(keys))).kind).toBe("restore");
  expect(await target.load(batchOf([write("a")]), options(keys))).toEqual(["migrated"]);

  await redis.acl("SETUSER", "loses-restore", "-restore");
  expect(await target.load(batchOf([write("a"), write("b")]), options(keys))).toEqual([
    "migrated",
    "migrated",
  ]);
  expect((await target.writeWay(layoutUnder(keys))).kind).toBe("hset");
  expect(await redis.pexpiretime(`${keys}b`)).toBe(EXPIRY);
});
