import type { Values } from "@rehome/config";
import {
  collidingNames,
  type Mapping,
  makeTransform,
  RehomeError,
  type TargetSession,
  TransformedBatch,
} from "@rehome/core";
import { openSource, type Source, type SourceFacts, type Survey } from "@rehome/source";
import { projectBytes } from "@rehome/target";
import colors from "picocolors";
import { urls } from "../config.js";
import { formatDuration, formatNumber } from "../format.js";
import { note, print, printJson } from "../output.js";

/** So many sessions tell how long one takes to read, and how much memory it will take. */
const SAMPLE = 2_000;

/** Writing a session takes about as long as reading it. */
const WRITING_FACTOR = 2;

export interface PlanOptions extends Pick<Values<"start">, "chunkSize"> {
  readonly mapping: Mapping;
  readonly json?: boolean;
}

/** The document of `plan --json`. */
export interface Plan {
  readonly sessions: { readonly total: number; readonly live: number; readonly expired: number };
  readonly chunks: number;
  readonly chunkSize: number;
  /** null where there is no live session to go by. */
  readonly projectedBytes: number | null;
  readonly projectedSeconds: number | null;
  readonly warnings: readonly string[];
}

/** A dry run: reads the source alone, and writes nothing anywhere. */
export async function plan(options: PlanOptions): Promise<number> {
  const source = openSource(urls.source());
  try {
    const facts = await source.inspect();
    const survey = await source.survey({
      timeZone: facts.timeZone,
      colliding: collidingNames(options.mapping),
    });
    const document = await project(source, facts, survey, options);
    if (options.json) printJson(document);
    else {
      print(formatPlan(document, survey, collidingNames(options.mapping)));
      for (const warning of document.warnings) note(`warning: ${warning}`);
    }
    return 0;
  } finally {
    await source.close();
  }
}

async function project(
  source: Source,
  facts: SourceFacts,
  survey: Survey,
  { chunkSize, mapping }: PlanOptions,
): Promise<Plan> {
  const live = survey.total - survey.expired;
  const sample = await readSample(source, facts, mapping);
  const bytes = sample.sessions.map((session) => projectBytes(session, mapping.keyPrefix));
  const mean = bytes.reduce((sum, size) => sum + size, 0) / bytes.length;
  const warnings = [...facts.warnings];
  if (survey.collidingSessions > 0) {
    warnings.push(
      `${survey.collidingSessions} sessions have an attribute named like a field and would be rejected: rename it`,
    );
  }
  return {
    sessions: { total: survey.total, live, expired: survey.expired },
    chunks: Math.ceil(survey.total / chunkSize),
    chunkSize,
    projectedBytes: bytes.length === 0 ? null : Math.round(mean * live),
    projectedSeconds:
      sample.read === 0
        ? null
        : Math.round((sample.seconds / sample.read) * WRITING_FACTOR * survey.total * 10) / 10,
    warnings,
  };
}

/** The first sessions in the order of ids, which says nothing of the sessions themselves. */
async function readSample(
  source: Source,
  facts: SourceFacts,
  mapping: Mapping,
): Promise<{ sessions: TargetSession[]; read: number; seconds: number }> {
  const transform = makeTransform(mapping);
  const transformed = new TransformedBatch();
  const sessions: TargetSession[] = [];
  let read = 0;
  const upTo = await firstBound(source);
  const started = performance.now();
  const options = { timeZone: facts.timeZone, maxSessionBytes: mapping.maxSessionBytes };
  for await (const batch of source.extract({ after: null, upTo }, options)) {
    read += batch.count;
    transform(batch, Date.now(), transformed);
    for (let i = 0; i < transformed.count; i += 1) {
      const one = transformed.at(i);
      if (one.kind === "write") sessions.push(one.session);
    }
  }
  return { sessions, read, seconds: (performance.now() - started) / 1000 };
}

async function firstBound(source: Source) {
  for await (const [bound] of source.planBounds({ after: null, chunkSize: SAMPLE })) {
    if (bound === undefined) throw new RehomeError("plan-stuck", "the plan does not advance");
    return bound;
  }
  return null;
}

function formatPlan(plan: Plan, survey: Survey, colliding: readonly string[]): string {
  const { total, live, expired } = plan.sessions;
  const row = (name: string, text: string) => `  ${name.padEnd(12)} ${text}`;
  const last = total - (plan.chunks - 1) * plan.chunkSize;
  const chunks =
    plan.chunks === 0
      ? "none"
      : `${formatNumber(plan.chunks)} of ${formatNumber(plan.chunkSize)} sessions, the last of ${formatNumber(last)}`;
  return [
    colors.bold("What a run would do (nothing was written)"),
    row(
      "sessions",
      `${formatNumber(total)}: ${formatNumber(live)} live, ${formatNumber(expired)} expired`,
    ),
    row("users", `${formatNumber(survey.usersWithoutPreferences)} without preferences`),
    row("chunks", chunks),
    row(
      "memory",
      plan.projectedBytes === null
        ? "–"
        : `about ${formatNumber(plan.projectedBytes / 1024 / 1024)} MiB in the target`,
    ),
    row("time", `about ${formatDuration(plan.projectedSeconds)} with one worker on this machine`),
    row(
      "rejects",
      `${formatNumber(survey.collidingSessions)} sessions, for an attribute named like a field`,
    ),
    row("attributes", survey.attributes.length === 0 ? "none" : "by frequency:"),
    ...survey.attributes.map(({ name, sessions }) => {
      const collides = colliding.includes(name) ? colors.red("  collides") : "";
      return row("", `${formatNumber(sessions).padStart(12)}  ${JSON.stringify(name)}${collides}`);
    }),
  ].join("\n");
}
