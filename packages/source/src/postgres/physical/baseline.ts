import type { Baseline, ResolvedStore } from "@rehome/core";
import type { Connections } from "../connections.js";
import { idColumnOf } from "../id-column.js";
import { estimateSessions } from "./estimate.js";
import { findFiles } from "./heap-file.js";

/** TID Range Scan, without which a range of pages is a scan of the whole table, came with PostgreSQL 14. */
const FIRST_VERSION = 140_000;

/**
 * The files of the table of a store's sessions, its partitions and children among them; null where they cannot be read by
 * pages. The transactions that have ended are asked for first: what a later one writes is newer, whichever page it takes.
 */
export async function readBaseline(
  connections: Connections,
  store: ResolvedStore,
): Promise<Baseline | null> {
  // Rows that share an id must be read together.
  if (!store.isUnique) return null;
  const [server] = await connections.query<{ version: number; since: string }>(
    `SELECT current_setting('server_version_num')::int AS version,
            txid_snapshot_xmin(txid_current_snapshot())::text AS since`,
  );
  if (server === undefined || server.version < FIRST_VERSION) return null;
  const files = await findFiles(connections, store);
  if (files === null) return null;
  const sessions = await estimateSessions(connections, idColumnOf(store), files);
  return {
    since: server.since,
    files: files.map(({ oid, filenode, pages }, i) => ({
      oid,
      filenode,
      pages,
      sessions: sessions[i] ?? 0,
    })),
  };
}
