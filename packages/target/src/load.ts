import type { TransformedBatch } from "@rehome/core";
import { type AbsentWrite, encodeAbsentWrites } from "./absent-writes.js";
import type { Connection } from "./connection.js";
import { describeTargetFailure, isTooLong, replyError } from "./failure.js";
import type { LongestValue } from "./longest-value.js";
import { isError, type Reply } from "./reply-parser.js";
import { makeRestore } from "./restore.js";
import { giveBack } from "./scratch-buffer.js";
import { loadScript } from "./script.js";
import {
  encodeScriptCalls,
  type LoadOptions,
  refuseUnwritable,
  type ScriptCall,
} from "./script-calls.js";
import { setIfAbsent } from "./set.js";
import type { Wire } from "./wire.js";
import type { WriteWay } from "./write-way.js";

/** By the letters of the script's reply. */
const RESULTS = {
  m: "migrated",
  k: "kept",
  /** Kept, because its recency cannot be compared. */
  i: "incomparable",
  /** The key holds another Redis type, and was left as it is. */
  w: "wrong-type",
  e: "expired",
  /** Nothing was done: both sides' recency is rounded to the same number, so their values decide. */
  t: "tied",
} as const;

type Decision = (typeof RESULTS)[keyof typeof RESULTS];

/** `too-large`: the target takes no value or command that long, and nothing was done. */
export type LoadResult = Exclude<Decision, "tied"> | "too-large";

/** The two connections to the target: for commands one by one, and for many that are encoded already. */
export interface TargetClients {
  readonly connection: Connection;
  readonly wire: Wire;
  readonly longestValue: LongestValue;
}

/** Calls on their way at once: a batch of the usual size takes one round trip, and a large one never lies in the socket whole. */
const CALLS_IN_FLIGHT = 8;

const script = loadScript("expiry", "load");

/**
 * One result per session, in order; null for a rejected one, which is not sent. After an error some of the
 * sessions may have been loaded, each as a whole or not at all.
 *
 * Most sessions are not in the target yet: these are written by a command that refuses to replace, which is all
 * that any conflict policy asks, and costs the server no script. The script decides about the few that
 * meet an existing key: it looks and writes in one step.
 */
export async function load(
  clients: TargetClients,
  way: WriteWay,
  sessions: TransformedBatch,
  options: LoadOptions,
): Promise<(LoadResult | null)[]> {
  refuseUnwritable(sessions);
  const results: (LoadResult | null)[] = [];
  const submitted: number[] = [];
  for (let i = 0; i < sessions.count; i += 1) {
    results.push(null);
    if (sessions.kind(i) === "rejected") continue;
    const fits = !sessions.isWrite(i) || clients.longestValue.takes(way, sessions, i);
    if (fits === true || (await fits)) submitted.push(i);
    else results[i] = "too-large";
  }
  const loaded = await loadFitting(clients, way, sessions, submitted, options);
  for (let i = 0; i < loaded.length; i += 1)
    results[submitted[i] as number] = loaded[i] as LoadResult;
  return results;
}

/**
 * A server may take less than it admits, as a managed one does by a limit on whole commands. It does not say which one
 * was too long, and others may have been written or not: all are loaded again, by halves, until only those are left over.
 */
async function loadFitting(
  clients: TargetClients,
  way: WriteWay,
  sessions: TransformedBatch,
  chosen: readonly number[],
  options: LoadOptions,
): Promise<LoadResult[]> {
  try {
    return await loadChosen(clients, way, sessions, chosen, options);
  } catch (error) {
    if (!isTooLong(error)) throw error;
    if (chosen.length === 1) return ["too-large"];
  }
  const middle = chosen.length >> 1;
  const results: LoadResult[] = [];
  for (const half of [chosen.slice(0, middle), chosen.slice(middle)])
    results.push(...(await loadFitting(clients, way, sessions, half, options)));
  return results;
}

async function loadChosen(
  { connection, wire }: TargetClients,
  way: WriteWay,
  sessions: TransformedBatch,
  chosen: readonly number[],
  options: LoadOptions,
): Promise<LoadResult[]> {
  const absentWrite = absentWriteOf(way);
  /** By their places among those chosen. */
  const results: (Decision | "present")[] =
    absentWrite === null
      ? chosen.map(() => "present")
      : await writeAbsent(wire, absentWrite, sessions, chosen, options);
  await decide(placesOf(results, "present"), options);
  // Which of two is newer cannot be told, so what is there stays; only what is there already counts as migrated.
  await decide(placesOf(results, "tied"), { ...options, conflict: "keep" });
  return results as LoadResult[];

  async function decide(places: readonly number[], under: LoadOptions): Promise<void> {
    if (places.length === 0) return;
    const some = places.map((place) => chosen[place] as number);
    const calls = encodeScriptCalls(sessions, some, under, way);
    const decided = await sendAll(calls, (call) => send(connection, call));
    for (const [i, result] of decided.entries()) results[places[i] as number] = result;
  }
}

/** Nearly always there are none. */
function placesOf<Result>(results: readonly Result[], wanted: Result): number[] {
  const places: number[] = [];
  for (
    let place = results.indexOf(wanted);
    place !== -1;
    place = results.indexOf(wanted, place + 1)
  )
    places.push(place);
  return places;
}

/** Null where the script alone can write. */
function absentWriteOf(way: WriteWay): AbsentWrite | null {
  switch (way.kind) {
    case "restore":
      return makeRestore(way.maxListpackEntries);
    case "set":
      return setIfAbsent;
    case "hset":
      return null;
  }
}

async function writeAbsent(
  wire: Wire,
  absentWrite: AbsentWrite,
  sessions: TransformedBatch,
  chosen: readonly number[],
  { layout }: LoadOptions,
): Promise<(Decision | "present")[]> {
  const writes = encodeAbsentWrites(sessions, chosen, layout.keys, absentWrite);
  const replies = await sendAll(writes, async ({ scratch, size, count }) => {
    const answers = await wire.send(scratch.bytes.subarray(0, size), count);
    giveBack(scratch);
    return answers;
  });
  return replies.map(resultOf);
}

/** What the replies to RESTORE, SET and EXISTS mean. Throws RehomeError for an error that is not one session's. */
function resultOf(reply: Reply): Decision | "present" {
  if (reply === "OK") return "migrated";
  if (reply === 0) return "expired";
  if (reply === 1 || reply === null) return "present";
  if (isError(reply) && reply.error.startsWith("BUSYKEY")) return "present";
  throw describeTargetFailure(
    isError(reply) ? replyError(reply) : new Error("Protocol error: no such reply"),
  );
}

/**
 * The answers to all of them, in order. Only a few are on their way at once: one that waited for a whole chunk could time
 * out through no fault of the server.
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
  const failures = turns.flatMap((turn) => (turn.status === "rejected" ? [turn.reason] : []));
  // What is too long ends the connection for all the others.
  if (failures.length > 0) throw failures.find(isTooLong) ?? failures[0];
  return answers.flat();
}

async function send(connection: Connection, call: ScriptCall): Promise<Decision[]> {
  const letters = await script(connection.call, call.keys, call.args);
  if (typeof letters !== "string" || letters.length !== call.keys.length) {
    throw new Error(`the load script did not answer for each of ${call.keys.length} sessions`);
  }
  return Array.from(letters, (letter) => {
    if (!Object.hasOwn(RESULTS, letter)) throw new Error("the load script gave an unknown result");
    return RESULTS[letter as keyof typeof RESULTS];
  });
}
