import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Redis } from "ioredis";
import { describeQueueFailure } from "./failure.js";

export type Script = (
  redis: Redis,
  keys: readonly string[],
  args: readonly (string | number)[],
) => Promise<unknown>;

const prelude = read("tally");

/**
 * A script of `lua/`, behind the common prelude. Rejects with a RehomeError: a driver's error carries the
 * command's arguments, and among those are session ids.
 */
export function loadScript(name: string): Script {
  const text = `${prelude}\n${read(name)}`;
  const sha = createHash("sha1").update(text).digest("hex");
  return async (redis, keys, args) => {
    try {
      return await redis.evalsha(sha, keys.length, ...keys, ...args).catch((error: unknown) => {
        if (!(error instanceof Error) || !error.message.startsWith("NOSCRIPT")) throw error;
        return redis.eval(text, keys.length, ...keys, ...args);
      });
    } catch (error) {
      throw describeQueueFailure(error);
    }
  };
}

function read(name: string): string {
  return readFileSync(new URL(`../lua/${name}.lua`, import.meta.url), "utf8");
}
