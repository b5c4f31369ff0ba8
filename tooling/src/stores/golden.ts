import { readFile } from "node:fs/promises";
import type { Redis } from "ioredis";
import pg from "pg";

const FOLDER = new URL("../../golden/", import.meta.url);

/** Bytes, as JSON can hold them. */
export interface Hex {
  readonly hex: string;
}

/** What a store of a framework left in PostgreSQL, and what its Redis store reads: `golden/README.md`. */
export interface Golden {
  readonly preset: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly serverTimeZone: string;
  readonly schema: readonly string[];
  readonly rows: readonly GoldenRow[];
  readonly keys: readonly GoldenKey[];
  readonly expired: readonly { readonly id: string }[];
  readonly rejected: readonly { readonly id: string }[];
}

interface GoldenRow {
  readonly table: string;
  readonly row: Readonly<Record<string, Hex | string | number | null>>;
}

/** `expiresAt` in Unix milliseconds. */
export type GoldenKey = { readonly key: string; readonly expiresAt: number } & (
  | { readonly type: "string"; readonly value: Hex }
  | { readonly type: "hash"; readonly fields: Readonly<Record<string, Hex>> }
);

export async function readGolden(preset: string): Promise<Golden> {
  return JSON.parse(await readFile(new URL(`${preset}.json`, FOLDER), "utf8")) as Golden;
}

/** Makes the source what it was when the file was recorded. */
export async function restoreRows(source: pg.Pool, { schema, rows }: Golden): Promise<void> {
  for (const statement of schema) await source.query(statement);
  for (const { table, row } of rows) {
    const columns = Object.keys(row).map((column) => pg.escapeIdentifier(column));
    const values = Object.values(row).map((value) =>
      typeof value === "object" && value !== null ? Buffer.from(value.hex, "hex") : value,
    );
    await source.query(
      `INSERT INTO ${pg.escapeIdentifier(table)} (${columns.join()})
       VALUES (${values.map((_, i) => `$${i + 1}`).join()})`,
      values,
    );
  }
}

/** These keys, as a golden file would hold them. */
export async function recordKeys(target: Redis, keys: readonly string[]): Promise<GoldenKey[]> {
  return await Promise.all(keys.map((key) => recordKey(target, key)));
}

async function recordKey(target: Redis, key: string): Promise<GoldenKey> {
  const expiresAt = await target.pexpiretime(key);
  const type = await target.type(key);
  if (type === "string") {
    const value = await target.getBuffer(key);
    return { key, type, value: hex(value ?? Buffer.of()), expiresAt };
  }
  if (type !== "hash") throw new Error(`${key} is a ${type}`);
  const flat = (await target.callBuffer("HGETALL", key)) as Buffer[];
  const fields: Record<string, Hex> = {};
  for (let i = 0; i < flat.length; i += 2) fields[flat[i]!.toString()] = hex(flat[i + 1]!);
  return { key, type, fields, expiresAt };
}

function hex(bytes: Buffer): Hex {
  return { hex: bytes.toString("hex") };
}
