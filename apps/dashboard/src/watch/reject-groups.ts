import type { RejectCode, RunId } from "@rehome/core";
import {
  type ChangedChunk,
  type QueueConnection,
  readRejectsPage,
  type ShownReject,
} from "@rehome/queue";
import type { RejectGroup } from "../view-model.js";

/** Rejects of a code that are shown one by one. */
const SHOWN = 20;
/** Limits of one look, in pages and in rejects: a run may have millions of them. */
const PAGES = 50;
const REJECTS = 1_000;

/** The rejects of a run by code, read little by little as chunks bring them. */
export interface RejectGroups {
  record(changed: readonly ChangedChunk[]): void;
  /** Reads some more of what is yet to be read. */
  readSome(queue: QueueConnection, run: { id: RunId; fingerprintKey: string }): Promise<void>;
  groups(): RejectGroup[];
  counted(): number;
}

type OfChunk = Map<RejectCode, { count: number; latest: ShownReject[] }>;

export function makeRejectGroups(): RejectGroups {
  const chunks = new Map<number, OfChunk>();
  const unread: number[] = [];
  let reading: { chunk: number; cursor: string; seen: Set<string>; found: OfChunk } | null = null;

  function take(found: OfChunk, seen: Set<string>, rejects: readonly ShownReject[]): void {
    for (const reject of rejects) {
      if (seen.has(reject.fingerprint)) continue;
      seen.add(reject.fingerprint);
      const group = found.get(reject.code) ?? { count: 0, latest: [] };
      group.count += 1;
      group.latest = latest([...group.latest, reject]);
      found.set(reject.code, group);
    }
  }

  return {
    record: (changed) => {
      for (const { chunk, entry } of changed) {
        chunks.delete(chunk);
        if (reading?.chunk === chunk) reading = null;
        if ("counts" in entry && entry.counts.rejected > 0) unread.push(chunk);
      }
    },
    readSome: async (queue, run) => {
      let read = 0;
      for (let page = 0; page < PAGES && read < REJECTS; page += 1) {
        if (reading === null) {
          const chunk = unread.shift();
          if (chunk === undefined) return;
          reading = { chunk, cursor: "0", seen: new Set(), found: new Map() };
        }
        const { chunk, cursor, seen, found } = reading;
        const { next, rejects } = await readRejectsPage(queue, run, chunk, cursor);
        take(found, seen, rejects);
        read += rejects.length;
        if (next === "0") {
          chunks.set(chunk, found);
          reading = null;
        } else reading.cursor = next;
      }
    },
    groups: () => {
      const all = new Map<RejectCode, { count: number; latest: ShownReject[] }>();
      for (const ofChunk of chunks.values()) {
        for (const [code, group] of ofChunk) {
          const sum = all.get(code) ?? { count: 0, latest: [] };
          sum.count += group.count;
          sum.latest = latest([...sum.latest, ...group.latest]);
          all.set(code, sum);
        }
      }
      return [...all]
        .map(([code, group]) => ({ code, ...group }))
        .toSorted((a, b) => b.count - a.count);
    },
    counted: () => {
      let sum = 0;
      for (const ofChunk of chunks.values()) for (const { count } of ofChunk.values()) sum += count;
      return sum;
    },
  };
}

function latest(rejects: readonly ShownReject[]): ShownReject[] {
  return rejects.toSorted((a, b) => (a.at < b.at ? 1 : -1)).slice(0, SHOWN);
}
