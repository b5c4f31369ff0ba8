import { randomBytes } from "node:crypto";
import { conclude, isActive, projectMemory, type RunId, type Sample } from "@rehome/core";
import {
  activeChunks,
  type QueueConnection,
  readChangedChunks,
  readPace,
  readRun,
  readSamples,
  readStatus,
  readVerification,
  type Run,
  type WorkerRecord,
} from "@rehome/queue";
import type {
  ChunkLetter,
  ChunkPicture,
  RunPicture,
  SamplesPicture,
  VerificationPicture,
} from "../picture.js";
import { makeChunkMap } from "./chunk-map.js";
import { makeRejectGroups } from "./reject-groups.js";
import type { GaugeReading } from "./target-gauge.js";

/** Changes of chunks read in one go. */
const PAGE = 5_000;
/** So many redraws of the map are kept for pages that come back. */
const REDRAWS_KEPT = 900;
const RECENT_SAMPLES = 900;
/** More than can be new since the last look. */
const NEW_SAMPLES = 10;

/** One run as it was last looked at. */
export interface RunWatch {
  readonly run: RunId;
  /** Looks again, reading only what is new. Rejects with RehomeError `unknown-run` once it is forgotten. */
  look(
    queue: QueueConnection,
    workers: readonly WorkerRecord[],
    gauge: GaugeReading,
  ): Promise<void>;
  picture(): RunPicture | null;
  samples(): SamplesPicture;
  letters(): string;
  /** What was redrawn after `mark`; null where that is not known any more, and the whole map is needed. */
  redrawnSince(mark: string): [number, ChunkLetter][] | null;
  /** Stands for the map as it is now. */
  mark(): string;
  tell(chunk: number): ChunkPicture | null;
}

export function makeRunWatch(run: RunId): RunWatch {
  // A map drawn anew has another: marks of the old one mean nothing then.
  let epoch = newEpoch();
  let map = makeChunkMap();
  let rejects = makeRejectGroups();
  let place = 0;
  let redraws: { number: number; changed: [number, ChunkLetter][] }[] = [];
  let redrawn = 0;
  let recent: Sample[] = [];
  let whole: Sample[] = [];
  let looks = 0;
  let picture: RunPicture | null = null;

  function beginAnew(): void {
    [epoch, map, rejects, place] = [newEpoch(), makeChunkMap(), makeRejectGroups(), 0];
    [redraws, redrawn] = [[], 0];
  }

  async function readChunks(queue: QueueConnection): Promise<void> {
    const changes = await readChangedChunks(queue, run, place, PAGE);
    if (changes.restored) return beginAnew();
    place = changes.next;
    map.record(changes.chunks);
    rejects.record(changes.chunks);
  }

  async function readProgress(queue: QueueConnection): Promise<void> {
    // Now and then whole: the series is thinned out while the run goes on.
    const all = looks % 60 === 0;
    const latest = await readSamples(queue, run, all ? 0 : NEW_SAMPLES);
    recent = all ? latest.recent : append(recent, latest.recent).slice(-RECENT_SAMPLES);
    whole = all ? latest.whole : append(whole, latest.whole);
  }

  return {
    run,
    look: async (queue, workers, gauge) => {
      try {
        const record = await readRun(queue, run);
        const [status, held, pace, verification] = await Promise.all([
          readStatus(queue, run),
          activeChunks(queue, run, "copy"),
          readPace(queue, run),
          readVerification(queue, run),
          readChunks(queue),
          readProgress(queue),
        ]);
        await rejects.readSome(queue, record);
        looks += 1;
        const changed = map.redraw(record.total, inHand(run, held, workers));
        if (changed.length > 0) {
          redrawn += 1;
          redraws.push({ number: redrawn, changed });
          if (redraws.length > REDRAWS_KEPT) redraws.shift();
        }
        picture = {
          status,
          maxRate: pace.maxRate,
          chunkSize: record.chunkSize,
          conflict: record.conflict,
          planWhole: record.planWhole,
          verification: verification === null ? null : pictureOf(run, verification),
          rejects: { groups: rejects.groups(), counted: rejects.counted() },
          failures: map.failures(),
          ...memoryOf(record, status.sessions, gauge),
        };
      } catch (error) {
        // The queue Redis may come back with an older ledger: what was read is not built upon.
        beginAnew();
        looks = 0;
        throw error;
      }
    },
    picture: () => picture,
    samples: () => ({ recent: recent.map(toPair), whole: whole.map(toPair) }),
    letters: () => map.letters(),
    redrawnSince: (mark) => {
      const [ofEpoch, number] = mark.split(".");
      const since = Number(number);
      const oldest = redraws[0]?.number ?? redrawn + 1;
      if (ofEpoch !== epoch || !(since <= redrawn) || since < oldest - 1) return null;
      const letters = new Map<number, ChunkLetter>();
      for (const { number: at, changed } of redraws)
        if (at > since) for (const [chunk, letter] of changed) letters.set(chunk, letter);
      return [...letters].toSorted(([a], [b]) => a - b);
    },
    mark: () => `${epoch}.${redrawn}`,
    tell: (chunk) => map.tell(chunk),
  };
}

function newEpoch(): string {
  return randomBytes(6).toString("hex");
}

/** BullMQ knows at once which chunks are held, and the workers, a second later, by whom; '' where none said so yet. */
function inHand(
  run: RunId,
  held: readonly number[],
  workers: readonly WorkerRecord[],
): Map<number, string> {
  const holders = new Map<number, string>();
  for (const worker of workers) {
    if (worker.gone || worker.stopped) continue;
    for (const task of worker.inHand)
      if (task.run === run && task.kind === "copy") holders.set(task.chunk, worker.name);
  }
  return new Map(held.map((chunk) => [chunk, holders.get(chunk) ?? ""]));
}

function append(samples: readonly Sample[], latest: readonly Sample[]): Sample[] {
  const last = samples.at(-1)?.at ?? -1;
  return [...samples, ...latest.filter(({ at }) => at > last)];
}

function toPair({ at, read }: Sample): [number, number] {
  return [at, read];
}

function pictureOf(
  run: RunId,
  record: NonNullable<Awaited<ReturnType<typeof readVerification>>>,
): VerificationPicture {
  const { mode, counts, total, done, failed } = record;
  return { result: conclude(run, mode, counts), total, done, failed };
}

function memoryOf(
  record: Run,
  sessions: { planned: number; read: number; migrated: number },
  gauge: GaugeReading,
): Pick<RunPicture, "projectedBytes" | "isItsTarget"> {
  if ("unknown" in gauge) return { projectedBytes: null, isItsTarget: null };
  const { address, runId, usedBytes } = gauge;
  const isItsTarget =
    address === record.target.address || (runId !== "" && runId === record.target.runId);
  const atStart = record.target.usedBytes ?? null;
  const projects = isItsTarget && isActive(record.phase) && usedBytes !== null && atStart !== null;
  return {
    isItsTarget,
    projectedBytes: projects ? projectMemory({ atStart, now: usedBytes, ...sessions }) : null,
  };
}
