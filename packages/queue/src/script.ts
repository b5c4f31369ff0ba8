import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { RehomeError } from "@rehome/core";
import type { LedgerRedis } from "./ledger-redis.js";

export type Script = (
  redis: LedgerRedis,
  keys: readonly string[],
  args: readonly (string | number)[],
) => Promise<unknown>;

const prelude = read("tally");

/** A script of `lua/`, after the common prelude. */
export function loadScript(name: string): Script {
  const text = `${prelude}\n${read(name)}`;
  const sha = createHash("sha1").update(text).digest("hex");
  return async (redis, keys, args) => {
    try {
      return await redis.evalsha(sha, keys.length, ...keys, ...args);
    } catch (error) {
      if (!(error instanceof RehomeError && error.code === "queue-NOSCRIPT")) throw error;
      return await redis.eval(text, keys.length, ...keys, ...args);
    }
  };
}

function read(name: string): string {
  return readFileSync(new URL(`../lua/${name}.lua`, import.meta.url), "utf8");
}
