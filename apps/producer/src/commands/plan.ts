import type { Values } from "@rehome/config";
import {
  collidingNames,
  type Mapping,
  type NamedStore,
  type ReadingOrder,
  type ResolvedStore,
  usualChunkSize,
} from "@rehome/core";
import { openSource, type Source, type SourceFacts, type Survey } from "@rehome/source";
import { chooseOrder } from "../choose-order.js";
import { urls } from "../config.js";
import { formatSessions } from "../format.js";
import { formatPlan } from "../format-plan.js";
import { note, print, printJson } from "../output.js";
import { readSample, type Sample } from "../sample.js";

/** Writing a session takes about as long as reading it. */
const WRITING_FACTOR = 2;

export interface PlanOptions extends Pick<Values<"start">, "chunkSize"> {
  readonly store: NamedStore;
  readonly mapping: Mapping;
  readonly json?: boolean;
}

/** The document of `plan --json`. */
export interface Plan {
  readonly sessions: { readonly total: number; readonly live: number; readonly expired: number };
  readonly chunks: number;
  readonly chunkSize: number;
  /** null where there is no live session to measure. */
  readonly projectedBytes: number | null;
  readonly projectedSeconds: number | null;
  readonly warnings: readonly string[];
}

/** A dry run: reads only the source, and writes nothing anywhere. */
export async function plan(options: PlanOptions): Promise<number> {
  const source = openSource(urls.source());
  try {
    const facts = await source.inspect(options.store);
    const sessions = source.sessions(facts.store, { kind: "id" });
    const colliding = collidingNames(facts.store, options.mapping);
    const survey = await sessions.survey({ colliding });
    const sample = await readSample(sessions, facts.store, options.mapping);
    const order = await chooseOrder(source, facts.store, "auto");
    const chunkSize = options.chunkSize ?? usualChunkSize(order);
    const chunks = await countChunks(source, facts.store, order, survey, chunkSize);
    const document = project(facts, survey, sample, { chunks, chunkSize });
    if (options.json) printJson(document);
    else {
      print(formatPlan(document, { store: facts.store, order, survey, sample, colliding }));
      for (const warning of document.warnings) note(`warning: ${warning}`);
    }
    return 0;
  } finally {
    await source.close();
  }
}

/** Ranges of ids have as many sessions each, but for the last; ranges of pages about as many, and one closes them. */
async function countChunks(
  source: Source,
  store: ResolvedStore,
  order: ReadingOrder,
  { total }: Survey,
  chunkSize: number,
): Promise<number> {
  if (order.kind === "id") return Math.ceil(total / chunkSize);
  let chunks = 0;
  const plan = source.sessions(store, order).planChunks({ after: null, chunkSize });
  for await (const planned of plan) chunks += planned.length;
  return chunks === 0 ? 0 : chunks + 1;
}

function project(
  facts: SourceFacts,
  survey: Survey,
  sample: Sample,
  { chunks, chunkSize }: Pick<Plan, "chunks" | "chunkSize">,
): Plan {
  const live = survey.total - survey.expired;
  const warnings = [...facts.warnings];
  if (survey.collidingSessions > 0) {
    warnings.push(
      `${formatSessions(survey.collidingSessions)} ${survey.collidingSessions === 1 ? "has" : "have"} an attribute with the name of a field and would be rejected: rename the field or the attribute`,
    );
  }
  return {
    sessions: { total: survey.total, live, expired: survey.expired },
    chunks,
    chunkSize,
    projectedBytes: sample.meanBytes === null ? null : Math.round(sample.meanBytes * live),
    projectedSeconds:
      sample.read === 0
        ? null
        : Math.round((sample.seconds / sample.read) * WRITING_FACTOR * survey.total * 10) / 10,
    warnings,
  };
}
