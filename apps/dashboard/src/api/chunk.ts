import { isRunId, RehomeError } from "@rehome/core";
import type { Watch } from "../watch/watch.js";
import { type Answer, ok } from "./answer.js";

/** One chunk of a run that someone watches, from memory. Throws RehomeError `unknown-chunk`. */
export function getChunk(watch: Watch, run: string, chunk: string): Answer {
  const told = isRunId(run) && /^\d{1,9}$/.test(chunk) ? watch.of(run)?.tell(Number(chunk)) : null;
  if (told === null || told === undefined)
    throw new RehomeError("unknown-chunk", "that chunk is not being watched");
  return ok(told);
}
