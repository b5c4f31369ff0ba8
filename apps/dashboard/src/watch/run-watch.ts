import {
  conclude,
  describeGone,
  isActive,
  isSameTarget,
  projectMemory,
  reasonForNoVerdict,
  type RunId,
  type Status,
} from "@rehome/core";
import {
  activeChunks,
  type QueueConnection,
  readChangedChunks,
  readRateLimit,
  readRun,
  readStatus,
  readHoldUp,
  readVerification,
  type Run,
  type VerificationRecord,
  type WorkerRecord,
} from "@rehome/queue";
import type { ChunkView, RunView, SamplesView, VerificationView } from "../view-model.js";
import { allowedControls } from "./allowed-controls.js";
import { makeChunkMap } from "./chunk-map.js";
import { makeChangeLog, type ChangeLog } from "./change-log.js";
import { makeRejectGroups } from "./reject-groups.js";
import { makeSeries } from "./series.js";
import type { GaugeReading } from "./target-gauge.js";

/** Changes of chunks read in one go, and how many times in one look while there are more. */
const PAGE = 5_000;
const PAGES = 4;

/** One run as it was last looked at. */
export interface RunWatch {
  readonly run: RunId;
  /** Looks again, reading only what is new. Rejects with RehomeError `unknown-run` once it is forgotten. */
  look(
    queue: QueueConnection,
    workers: readonly WorkerRecord[],
    gauge: GaugeReading,
  ): Promise<void>;
  /** null before the first look. */
  view(): RunView | null;
  samples(): SamplesView;
  /** The whole map, and what has changed in it. */
  letters(): string;
  changesSince: ChangeLog["since"];
  mark: ChangeLog["mark"];
  tell(chunk: number): ChunkView | null;
}

export function makeRunWatch(run: RunId): RunWatch {
  let known = nothingKnown();
  let view: RunView | null = null;

  /** What is known with the changes since: another where the ledger is an older one. */
  async function readChunks(queue: QueueConnection, before: Known): Promise<Known> {
    let mine = before;
    for (let page = 0; page < PAGES; page += 1) {
      const changes = await readChangedChunks(queue, run, mine.place, PAGE);
      if (changes.restored) mine = nothingKnown();
      if (changes.chunks.length === 0) break;
      mine.place = changes.next;
      mine.map.record(changes.chunks);
      mine.rejects.record(changes.chunks);
    }
    return mine;
  }

  return {
    run,
    look: async (queue, workers, gauge) => {
      // When one read fails, the others still run: they write to state that is thrown away.
      const before = known;
      try {
        const record = await readRun(queue, run);
        const [status, held, rateLimit, verification, mine] = await Promise.all([
          readStatus(queue, run),
          activeChunks(queue, run, "copy"),
          readRateLimit(queue, run),
          readVerification(queue, run),
          readChunks(queue, before),
          before.series.read(queue, run),
        ]);
        known = mine;
        await mine.rejects.readSome(queue, record);
        mine.changeLog.add(mine.map.update(record.total, holders(run, held, workers)));
        view = {
          status,
          maxRate: rateLimit.maxRate,
          chunkSize: record.chunkSize,
          conflict: record.conflict,
          allowed: allowedControls(status, record.planComplete),
          verification:
            verification === null ? null : await verificationOf(queue, status, verification),
          rejects: { groups: mine.rejects.groups(), counted: mine.rejects.counted() },
          failures: mine.map.failures(),
          ...memoryOf(record, status.sessions, gauge),
        };
      } catch (error) {
        // The queue Redis may come back with an older ledger: what was read is not built upon.
        known = nothingKnown();
        throw error;
      }
    },
    view: () => view,
    samples: () => known.series.view(),
    letters: () => known.map.letters(),
    changesSince: (mark) => known.changeLog.since(mark),
    mark: () => known.changeLog.mark(),
    tell: (chunk) => known.map.tell(chunk),
  };
}

type Known = ReturnType<typeof nothingKnown>;

function nothingKnown() {
  return {
    /** In the ledger's list of changes. */
    place: 0,
    map: makeChunkMap(),
    changeLog: makeChangeLog(),
    rejects: makeRejectGroups(),
    series: makeSeries(),
  };
}

/** BullMQ knows at once which chunks are held; the heartbeats, up to a second later, by whom ('' until then). */
function holders(
  run: RunId,
  held: readonly number[],
  workers: readonly WorkerRecord[],
): Map<number, string> {
  const names = new Map<number, string>();
  for (const worker of workers) {
    if (worker.gone || worker.stopped) continue;
    for (const task of worker.inHand)
      if (task.run === run && task.kind === "copy") names.set(task.chunk, worker.name);
  }
  return new Map(held.map((chunk) => [chunk, names.get(chunk) ?? ""]));
}

async function verificationOf(
  queue: QueueConnection,
  { run, sessions }: Status,
  record: VerificationRecord,
): Promise<VerificationView> {
  const { mode, counts, asked, total, done, failed } = record;
  const coverage = { ...sessions, asked };
  const waiting = done + failed < total ? await readHoldUp(queue, record) : null;
  const remark = reasonForNoVerdict(counts, coverage) ?? describeGone(counts, coverage);
  return { result: conclude(run, mode, counts, coverage), remark, total, done, failed, waiting };
}

function memoryOf(
  record: Run,
  sessions: { planned: number; read: number; migrated: number },
  gauge: GaugeReading,
): Pick<RunView, "projectedBytes" | "isItsTarget"> {
  if ("unknown" in gauge) return { projectedBytes: null, isItsTarget: null };
  const { usedBytes } = gauge;
  const isItsTarget = isSameTarget(gauge, record.target);
  const atStart = record.target.usedBytes ?? null;
  const projects = isItsTarget && isActive(record.phase) && usedBytes !== null && atStart !== null;
  return {
    isItsTarget,
    projectedBytes: projects ? projectMemory({ atStart, now: usedBytes, ...sessions }) : null,
  };
}
