import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { RehomeError } from "@rehome/core";
import { createJiti } from "jiti";
import { badConfig, type LoadedConfig, noConfig, parseConfig } from "./config-file.js";
import type { Environment } from "./environment.js";

export const CONFIG_FILES = ["rehome.config.ts", "rehome.config.js", "rehome.config.json"] as const;

/**
 * Reads the file named, or else the one in the current directory, if there is one: no other folder is looked
 * into, and nothing is merged. Throws RehomeError `bad-config` (exit 2), which quotes nothing of the environment.
 */
export async function openConfig(
  named: string | undefined,
  environment: Environment,
): Promise<LoadedConfig> {
  const file = named ?? findConfig();
  if (file === null) return noConfig;
  if (!existsSync(file)) {
    throw new RehomeError("bad-config", `there is no config file ${JSON.stringify(file)}`, {
      hint: "Correct --config or REHOME_CONFIG, or write an example with: rehome init",
      exitCode: 2,
    });
  }
  return parseConfig(file, await readContent(file, environment));
}

function findConfig(): string | null {
  const [file, other] = CONFIG_FILES.filter((name) => existsSync(name));
  if (file !== undefined && other !== undefined) {
    throw new RehomeError("bad-config", `there are both ${file} and ${other}`, {
      hint: "Keep one of them, or name one with --config",
      exitCode: 2,
    });
  }
  return file ?? null;
}

async function readContent(file: string, environment: Environment): Promise<unknown> {
  const isJson = file.endsWith(".json");
  try {
    const text = await readFile(file, "utf8");
    return isJson ? JSON.parse(text) : await readDefaultExport(file, text);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const unquoted = message.replace(QUOTED_JSON, "not valid JSON");
    const shown = isJson ? unquoted : withoutValues(unquoted, file, environment);
    throw badConfig(file, `cannot be read: ${shown.slice(0, LONGEST_MESSAGE)}`);
  }
}

/** A module that exports nothing would configure nothing, unnoticed; as CommonJS it would even export `{}`. */
async function readDefaultExport(file: string, text: string): Promise<unknown> {
  const module = /\bexports?\b/.test(text) ? await importModule(file) : null;
  if (typeof module === "object" && module !== null && "default" in module)
    return await module.default;
  throw new Error("it has no default export: write export default { … }");
}

/** Gives the module's namespace, of TypeScript too. */
async function importModule(file: string): Promise<unknown> {
  const jiti = createJiti(import.meta.url, { fsCache: false, interopDefault: false });
  return await jiti.import(resolve(file));
}

const LONGEST_MESSAGE = 500;

/** What stands there may be a secret that went astray. */
const QUOTED_JSON = /(\.\.\.)?"[^]*"(\.\.\.)? is not valid JSON/;

/** Shorter values, such as `1` or `info`, are words that a message may well hold for itself. */
const TELLING_LENGTH = 8;

/**
 * A message of code that is not ours: it may quote the environment. What is part of the file's path says nothing new.
 */
function withoutValues(message: string, file: string, environment: Environment): string {
  const secrets = Object.values(environment).flatMap((value = "") => [
    ...(value.length < TELLING_LENGTH || file.includes(value) ? [] : [value]),
    ...(URL.canParse(value) && new URL(value).password !== "" ? [new URL(value).password] : []),
  ]);
  return secrets.reduce((shown, secret) => shown.replaceAll(secret, "…"), message);
}
