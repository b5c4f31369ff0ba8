import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import {
  ACTIVE_PHASES,
  type Phase,
  PLANNABLE_PHASES,
  RehomeError,
  RETRYABLE_PHASES,
} from "@rehome/core";
import type { LedgerRedis } from "./ledger-redis.js";

export type Script = (
  redis: LedgerRedis,
  keys: readonly string[],
  args: readonly (string | number)[],
) => Promise<unknown>;

/** Every script begins with these: core's sets of phases, then what stands in `lua/include/`. */
const prelude = [
  phaseSets({ ACTIVE_PHASES, PLANNABLE_PHASES, RETRYABLE_PHASES }),
  ...["clock", "lifetime", "end-run", "chunk-entry"].map((name) => read(`include/${name}`)),
].join("\n");

/** A script of `lua/`. */
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

/** `local NAME = { planning = true, … }` for each. */
function phaseSets(sets: Readonly<Record<string, readonly Phase[]>>): string {
  return Object.entries(sets)
    .map(([name, phases]) => `local ${name} = { ${phases.map((p) => `${p} = true`).join(", ")} }`)
    .join("\n");
}

function read(name: string): string {
  return readFileSync(new URL(`../lua/${name}.lua`, import.meta.url), "utf8");
}
