import type { Values } from "@rehome/config";
import { collidingNames, type Mapping, type NamedStore } from "@rehome/core";
import { openSource, type SourceFacts, type Survey } from "@rehome/source";
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
    const document = project(facts, survey, sample, options.chunkSize);
    if (options.json) printJson(document);
    else {
      print(formatPlan(document, { store: facts.store, survey, sample, colliding }));
      for (const warning of document.warnings) note(`warning: ${warning}`);
    }
    return 0;
  } finally {
    await source.close();
  }
}

function project(facts: SourceFacts, survey: Survey, sample: Sample, chunkSize: number): Plan {
  const live = survey.total - survey.expired;
  const warnings = [...facts.warnings];
  if (survey.collidingSessions > 0) {
    warnings.push(
      `${formatSessions(survey.collidingSessions)} ${survey.collidingSessions === 1 ? "has" : "have"} an attribute with the name of a field and would be rejected: rename the field or the attribute`,
    );
  }
  return {
    sessions: { total: survey.total, live, expired: survey.expired },
    chunks: Math.ceil(survey.total / chunkSize),
    chunkSize,
    projectedBytes: sample.meanBytes === null ? null : Math.round(sample.meanBytes * live),
    projectedSeconds:
      sample.read === 0
        ? null
        : Math.round((sample.seconds / sample.read) * WRITING_FACTOR * survey.total * 10) / 10,
    warnings,
  };
}
