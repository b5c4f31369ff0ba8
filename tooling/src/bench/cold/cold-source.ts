import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { PostgresServer } from "../../local-services/index.js";
import type { Closing } from "../arena.js";
import { Refusal } from "../refusal.js";
import { whole } from "../table.js";
import { type ControlGroup, makeControlGroup } from "./control-group.js";
import { type DataFolder, openDataFolder } from "./data-folder.js";

/** How many times as large as PostgreSQL's memory its tables are to be. */
const TIMES = 3;
const MIB = 2 ** 20;
/** PostgreSQL's own processes need some, whatever the tables' size. */
const LEAST_BYTES = 64 * MIB;
/** Of a cgroup whose last process has just ended. */
const EMPTY_DEADLINE_MS = 5_000;

/** A PostgreSQL whose tables must come from the disk. */
export interface ColdSource {
  /** Once it is filled: limits its memory from the next turn on. Returns `work_mem` in line with that, if it could. */
  confine(tables: readonly string[]): Promise<string | null>;
  /** Restarts it, with nothing of its data in anybody's memory. */
  chill(): Promise<void>;
  /** From its disk, so far; null where the disk does not tell. */
  bytesRead(): number | null;
  /** For the report. */
  describe(): string;
}

/** Throws Refusal where its files cannot be dropped from the page cache. Without a cgroup its memory is not limited. */
export async function makeColdSource(
  postgres: PostgresServer,
  closing: Closing,
): Promise<ColdSource> {
  const folder = await openFolder(postgres);
  const { group, why } = findGroup(folder);
  // At the very last, when PostgreSQL has ended.
  if (group !== null) closing.unshift(() => removeWhenEmpty(group));
  let settings: Record<string, string> = {};
  let memory = "";
  return {
    confine: async (tables) => {
      const size = await sizeOf(postgres.url, tables);
      const limit = Math.max(LEAST_BYTES, Math.round(size / TIMES));
      const text = `the tables with their indexes have ${mebibytes(size)}`;
      if (group === null) {
        memory = `${text}, and memory was not limited (${why}), so that a page is read from the disk only once`;
        return null;
      }
      group.limitMemory(limit);
      settings = {
        shared_buffers: megabytes(limit / 4),
        // What the planner takes to be cached.
        effective_cache_size: megabytes((limit * 3) / 4),
      };
      memory =
        `${text}, ${(size / limit).toFixed(1)} times the ${mebibytes(limit)} that it had with its page cache ` +
        `(${group.kind}), of which ${settings["shared_buffers"]} were shared_buffers`;
      // A query has several hashes or sorts at a time, each of which may take twice as much.
      return megabytes(limit / 16);
    },
    chill: async () => {
      await postgres.restart(settings);
      group?.add(postgres.pid);
      await folder.dropFromCache();
    },
    bytesRead: () => group?.bytesRead() ?? folder.bytesRead(),
    describe: () => {
      const counted =
        (group?.bytesRead() ?? null) === null
          ? "by anyone from the disk that it is on"
          : "by PostgreSQL's processes, as its cgroup counts them";
      return (
        "Before every turn PostgreSQL was restarted and its files were dropped from the page cache; " +
        `${memory}. Bytes are those read ${counted}.`
      );
    },
  };
}

async function openFolder(postgres: PostgresServer): Promise<DataFolder> {
  try {
    return await openDataFolder(join(postgres.dir, "data", "base"));
  } catch (error) {
    throw new Refusal(
      `--cold cannot drop PostgreSQL's files from the page cache, which takes Linux and GNU dd: ${(error as Error).message}`,
    );
  }
}

type Found =
  | { readonly group: ControlGroup; readonly why?: never }
  | { readonly group: null; readonly why: string };

function findGroup({ disk }: DataFolder): Found {
  try {
    return { group: makeControlGroup(disk) };
  } catch (error) {
    return { group: null, why: (error as Error).message };
  }
}

async function sizeOf(url: string, tables: readonly string[]): Promise<number> {
  const source = new pg.Client(url);
  await source.connect();
  try {
    const { rows } = await source.query<{ size: string }>(
      "SELECT sum(pg_total_relation_size(name::regclass)) AS size FROM unnest($1::text[]) name",
      [tables],
    );
    return Number(rows[0]?.size);
  } finally {
    await source.end();
  }
}

const mebibytes = (bytes: number): string => `${whole(bytes / MIB)} MiB`;
/** As PostgreSQL writes it. */
const megabytes = (bytes: number): string => `${Math.round(bytes / MIB)}MB`;

async function removeWhenEmpty(group: ControlGroup): Promise<void> {
  const deadline = Date.now() + EMPTY_DEADLINE_MS;
  for (;;) {
    try {
      group.remove();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(100);
    }
  }
}
