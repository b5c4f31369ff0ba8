import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { RehomeError } from "@rehome/core";
import type { Argument, Call } from "./connection.js";

export type Script = (
  call: Call,
  keys: readonly (string | Buffer)[],
  args: readonly Argument[],
) => Promise<unknown>;

/** The files of `lua/` of these names, as one script. */
export function loadScript(...names: readonly string[]): Script {
  const text = names
    .map((name) => readFileSync(new URL(`../lua/${name}.lua`, import.meta.url), "utf8"))
    .join("\n");
  const sha = createHash("sha1").update(text).digest("hex");
  return async (call, keys, args) => {
    try {
      return await call("EVALSHA", [sha, keys.length, ...keys, ...args]);
    } catch (error) {
      if (!(error instanceof RehomeError && error.code === "target-NOSCRIPT")) throw error;
      return await call("EVAL", [text, keys.length, ...keys, ...args]);
    }
  };
}
