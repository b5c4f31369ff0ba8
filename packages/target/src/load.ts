import type { TransformedBatch } from "@rehome/core";
import type { Connection } from "./connection.js";
import { type Batch, encodeBatches, type LoadOptions, refuseUnwritable } from "./encode.js";
import { describeTargetFailure, replyError } from "./failure.js";
import type { Reply } from "./reply-parser.js";
import { encodeRestores } from "./restore-commands.js";
import { loadScript } from "./script.js";
import { giveBack } from "./space.js";
import type { Wire } from "./wire.js";
import type { WriteWay } from "./write-way.js";

/** By the letter with which the script tells them. */
const RESULTS = {
  m: "migrated",
  k: "kept",
  /** Kept, because its `last_activity_at` cannot be compared. */
  i: "incomparable",
  /** The key holds another Redis type, and was left as it is. */
  w: "wrong-type",
  e: "expired",
} as const;

export type LoadResult = (typeof RESULTS)[keyof typeof RESULTS];

/** The two ways to talk to the target. */
export interface Lines {
  readonly connection: Connection;
  readonly wire: Wire;
}

/** So many calls are on their way at once: the server never waits for us, nor we hold the whole chunk in its socket. */
const CALLS_IN_FLIGHT = 4;

const script = loadScript("expiry", "load");

/**
 * One result per session, in order; null for a rejected one, of which the target is told nothing. After an error
 * some of the sessions may have been loaded, each as a whole or not at all.
 *
 * Most sessions are not in the target yet: these are written by a RESTORE that refuses to replace, which is all
 * that any conflict policy asks, and costs the server no script. The few that meet an existing key are decided
 * upon by the script, which looks and writes in one step.
 */
export async function load(
  { connection, wire }: Lines,
  way: WriteWay,
  sessions: TransformedBatch,
  options: LoadOptions,
): Promise<(LoadResult | null)[]> {
  refuseUnwritable(sessions);
  const results: (LoadResult | "present" | null)[] = [];
  const told: number[] = [];
  for (let i = 0; i < sessions.count; i += 1) {
    results.push(null);
    if (sessions.kind(i) !== "rejected") told.push(i);
  }

  if (way.kind === "restore") {
    const restored = await restoreAbsent(wire, way, sessions, options.mapping.keyPrefix);
    for (const [i, result] of restored.entries()) results[told[i] as number] = result;
  }
  const undecided = way.kind === "hset" ? told : told.filter((i) => results[i] === "present");
  if (undecided.length > 0) {
    const byScript = way.kind === "hset" ? way : wayToDecide(way, options);
    const decided = await loadByScript(connection, byScript, sessions, undecided, options);
    for (const [i, result] of decided.entries()) results[undecided[i] as number] = result;
  }
  return results as (LoadResult | null)[];
}

/** Under `keep` nothing is written, and what is there must be compared field by field. */
function wayToDecide(way: WriteWay, { conflict }: LoadOptions): WriteWay {
  return conflict === "keep" ? { kind: "hset", reason: "" } : way;
}

async function restoreAbsent(
  wire: Wire,
  way: WriteWay & { kind: "restore" },
  sessions: TransformedBatch,
  keyPrefix: string,
): Promise<(LoadResult | "present")[]> {
  const restores = encodeRestores(sessions, keyPrefix, way.maxListpackEntries);
  const replies = await sendAll(restores, async ({ space, size, count }) => {
    const answers = await wire.send(space.bytes.subarray(0, size), count);
    giveBack(space);
    return answers;
  });
  return replies.map(resultOf);
}

/** What the replies to RESTORE and EXISTS mean. Throws RehomeError for an error that is not of one session. */
function resultOf(reply: Reply): LoadResult | "present" {
  if (reply === "OK") return "migrated";
  if (reply === 0) return "expired";
  if (reply === 1) return "present";
  if (typeof reply === "object" && reply.error.startsWith("BUSYKEY")) return "present";
  throw describeTargetFailure(
    typeof reply === "object" ? replyError(reply) : new Error("Protocol error: no such reply"),
  );
}

async function loadByScript(
  connection: Connection,
  way: WriteWay,
  sessions: TransformedBatch,
  chosen: readonly number[],
  options: LoadOptions,
): Promise<LoadResult[]> {
  const batches = encodeBatches(sessions, chosen, options, way);
  return await sendAll(batches, (batch) => send(connection, batch));
}

/**
 * What all of them are answered, in order. A few at a time: what waited behind a whole chunk could be late without
 * fault of the server.
 */
async function sendAll<Sent, Answer>(
  batches: Generator<Sent>,
  sendOne: (batch: Sent) => Promise<Answer[]>,
): Promise<Answer[]> {
  const answers: Answer[][] = [];
  let sent = 0;

  async function sendInTurn(): Promise<void> {
    try {
      for (let next = batches.next(); next.done !== true; next = batches.next()) {
        const turn = sent;
        sent += 1;
        answers[turn] = await sendOne(next.value);
      }
    } catch (error) {
      batches.return(undefined);
      throw error;
    }
  }

  const turns = await Promise.allSettled(Array.from({ length: CALLS_IN_FLIGHT }, sendInTurn));
  for (const turn of turns) if (turn.status === "rejected") throw turn.reason;
  return answers.flat();
}

async function send(connection: Connection, batch: Batch): Promise<LoadResult[]> {
  const letters = await script(connection.call, batch.keys, batch.args);
  if (typeof letters !== "string" || letters.length !== batch.keys.length) {
    throw new Error(`the load script did not answer for each of ${batch.keys.length} sessions`);
  }
  return Array.from(letters, (letter) => {
    if (!Object.hasOwn(RESULTS, letter)) throw new Error(`the load script gave an unknown result`);
    return RESULTS[letter as keyof typeof RESULTS];
  });
}
