import { formatTableName, parseTableName, type ResolvedStore } from "@rehome/core";
import type { Survey } from "@rehome/source";
import colors from "picocolors";
import type { Plan } from "./commands/plan.js";
import { formatDuration, formatNumber } from "./format.js";
import type { Sample, ShownSession } from "./sample.js";

interface Seen {
  readonly store: ResolvedStore;
  readonly survey: Survey;
  readonly sample: Sample;
  readonly colliding: readonly string[];
}

export function formatPlan(plan: Plan, { store, survey, sample, colliding }: Seen): string {
  const { total, live, expired } = plan.sessions;
  const memory =
    plan.projectedBytes === null
      ? "–"
      : `about ${formatNumber(plan.projectedBytes / 1024 / 1024)} MiB in the target`;
  return [
    colors.bold("What a run would do (nothing was written)"),
    row("store", `${store.name}: table ${store.sessions.table}${formatZone(store)}`),
    row(
      "sessions",
      `${formatNumber(total)}: ${formatNumber(live)} live, ${formatNumber(expired)} expired`,
    ),
    ...survey.lookups.map(({ table, missing }, i) =>
      row(
        i === 0 ? "lookups" : "",
        `${unqualified(table)}: ${formatNumber(missing)} sessions have no row there`,
      ),
    ),
    row("chunks", formatChunks(plan)),
    row("memory", memory),
    row("time", `about ${formatDuration(plan.projectedSeconds)} with one worker on this machine`),
    ...(store.attributes === null ? [] : formatAttributes(survey, colliding)),
    ...formatSample(sample),
  ].join("\n");
}

function row(name: string, text: string): string {
  return `  ${name.padEnd(12)} ${text}`;
}

/** Where times have no zone of their own, which one counts decides who is logged out. */
function formatZone({ columns, zone }: ResolvedStore): string {
  const isZoneless = columns.some(
    ({ kind, type }) => kind === "time" && !/with time zone/.test(type),
  );
  return isZoneless ? `, its times without a zone read as ${zone}` : "";
}

function formatChunks({ sessions, chunks, chunkSize }: Plan): string {
  if (chunks === 0) return "none";
  const last = sessions.total - (chunks - 1) * chunkSize;
  return `${formatNumber(chunks)} of ${formatNumber(chunkSize)} sessions, the last of ${formatNumber(last)}`;
}

function formatAttributes(survey: Survey, colliding: readonly string[]): string[] {
  return [
    row(
      "rejects",
      `${formatNumber(survey.collidingSessions)} sessions, for an attribute named like a field`,
    ),
    row("attributes", survey.attributes.length === 0 ? "none" : "by frequency:"),
    ...survey.attributes.map(({ name, sessions }) => {
      const collides = colliding.includes(name) ? colors.red("  collides") : "";
      return row("", `${formatNumber(sessions).padStart(12)}  ${quote(name)}${collides}`);
    }),
  ];
}

function formatSample({ shown }: Sample): string[] {
  if (shown.length === 0)
    return [row("for example", "no session of the first few would be written")];
  return shown.map((session, i) => row(i === 0 ? "for example" : "", formatSession(session)));
}

function formatSession({ key, type, fields, bytes, expiresAt }: ShownSession): string {
  const value =
    fields === null
      ? `${formatNumber(bytes)} bytes`
      : `${fields.length} fields: ${fields.map(quote).join(", ")}`;
  return `${key}, a ${type} of ${value}; expires ${formatTime(expiresAt)}`;
}

/** PostgreSQL has times beyond those of JavaScript. */
function formatTime(milliseconds: number): string {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) ? "beyond the year 275760" : date.toISOString();
}

/** In quotes where a terminal would not show a name as it is. */
function quote(name: string): string {
  if (/^[\w.:-]+$/.test(name)) return name;
  const escaped = name.replace(/[\p{C}\u2028\u2029"\\]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `\\u{${code.toString(16)}}`;
  });
  return `"${escaped}"`;
}

function unqualified(table: string): string {
  const parsed = parseTableName(table);
  return parsed === null ? table : formatTableName({ ...parsed, schema: null });
}
