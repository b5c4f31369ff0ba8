import type { ResolvedStore, SessionId } from "@rehome/core";
import { assertSeen } from "./assert-seen.js";
import type { Connections } from "./connections.js";
import { idColumnOf } from "./id-column.js";
import { type PlacedRows, wholeOf } from "./reader.js";

/** As many ids of these rows, or all of them, at random. */
export async function sampleIds(
  connections: Connections,
  store: ResolvedStore,
  placed: PlacedRows,
  size: number,
): Promise<SessionId[]> {
  const id = idColumnOf(store);
  const ids: SessionId[] = [];
  const read = connections.snapshot(async function* (client) {
    const opened = await placed.open(client);
    if (opened === null) return;
    const part = wholeOf(opened);
    const { rows } = await client.query<{ id: SessionId }>(
      `SELECT ${id.text} AS id FROM ${part.from} WHERE ${part.where} ORDER BY random() LIMIT $1`,
      [size],
    );
    await placed.check(client);
    await assertSeen(client, store);
    yield rows.map((row) => row.id);
  });
  for await (const found of read) ids.push(...found);
  return ids;
}
