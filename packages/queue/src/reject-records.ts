import { fingerprint, type RejectCode, type RunId, type SessionId } from "@rehome/core";
import type { QueueConnection } from "./connection.js";
import { runKeys } from "./keys.js";
import { chunksWithRejects, readRun } from "./run-record.js";

/** A reject as it may be shown. */
export interface ShownReject {
  readonly fingerprint: string;
  readonly chunk: number;
  readonly code: RejectCode;
  readonly message: string;
  readonly attempts: number;
  /** ISO 8601. */
  readonly at: string;
}

/**
 * Some rejects of one chunk: those that HSCAN gives from a cursor on, first "0", until the next one is "0" again.
 * It may give one twice.
 */
export async function readRejectsPage(
  queue: QueueConnection,
  run: { readonly id: RunId; readonly fingerprintKey: string },
  chunk: number,
  cursor: string,
): Promise<{ next: string; rejects: ShownReject[] }> {
  const [next, entries] = await queue.redis.hscan(
    runKeys(run.id).rejects(chunk),
    cursor,
    "COUNT",
    500,
  );
  const rejects: ShownReject[] = [];
  for (let i = 0; i < entries.length; i += 2) {
    const id = entries[i] as SessionId;
    rejects.push({
      fingerprint: fingerprint(run.fingerprintKey, id),
      chunk,
      ...parseReject(entries[i + 1] ?? ""),
    });
  }
  return { next, rejects };
}

/** Every reject of a run, chunk by chunk, read in pages. */
export async function* listRejects(
  queue: QueueConnection,
  run: RunId,
): AsyncGenerator<ShownReject> {
  const { fingerprintKey } = await readRun(queue, run);
  for (const chunk of await chunksWithRejects(queue, run)) {
    for await (const page of pagesOfRejects(queue, run, chunk)) {
      for (const [id, entry] of page) {
        yield { fingerprint: fingerprint(fingerprintKey, id), chunk, ...parseReject(entry) };
      }
    }
  }
}

/** The sessions of a chunk that were rejected, a page at a time. */
export async function* readRejectedIds(
  queue: QueueConnection,
  run: RunId,
  chunk: number,
): AsyncGenerator<SessionId[]> {
  for await (const page of pagesOfRejects(queue, run, chunk)) yield page.map(([id]) => id);
}

/** Each once, though HSCAN may give a field twice. */
async function* pagesOfRejects(
  queue: QueueConnection,
  run: RunId,
  chunk: number,
): AsyncGenerator<[SessionId, string][]> {
  const key = runKeys(run).rejects(chunk);
  const seen = new Set<string>();
  let cursor = "0";
  do {
    const [next, entries] = await queue.redis.hscan(key, cursor, "COUNT", 500);
    const page: [SessionId, string][] = [];
    for (let i = 0; i < entries.length; i += 2) {
      const id = entries[i] as SessionId;
      if (!seen.has(id)) page.push([id, entries[i + 1] ?? ""]);
      seen.add(id);
    }
    if (page.length > 0) yield page;
    cursor = next;
  } while (cursor !== "0");
}

/** As stage-rejects.lua writes it. */
function parseReject(entry: string): Omit<ShownReject, "fingerprint" | "chunk"> {
  const [attempts = "", at = "", code = "", ...words] = entry.split(" ");
  return {
    code: code as RejectCode,
    message: words.join(" "),
    attempts: Number(attempts),
    at: new Date(Number(at)).toISOString(),
  };
}
