import {
  isZoneless,
  printable,
  type ReadingOrder,
  type ResolvedStore,
  showTable,
} from "@rehome/core";
import type { Survey } from "@rehome/source";
import colors from "picocolors";
import { describeOrder } from "./choose-order.js";
import type { Plan } from "./commands/plan.js";
import { formatDuration, formatNumber, formatSessions } from "./format.js";
import type { Sample, ShownSession } from "./sample.js";

const MIB = 1024 * 1024;

interface Seen {
  readonly store: ResolvedStore;
  readonly order: ReadingOrder;
  readonly survey: Survey;
  readonly sample: Sample;
  readonly colliding: readonly string[];
}

export function formatPlan(plan: Plan, { store, order, survey, sample, colliding }: Seen): string {
  const { total, live, expired } = plan.sessions;
  return [
    colors.bold("What a run would do (nothing was written)"),
    row("store", `${store.name}: table ${printable(store.sessions.table)}${formatZone(store)}`),
    row(
      "sessions",
      `${formatNumber(total)}: ${formatNumber(live)} live, ${formatNumber(expired)} expired`,
    ),
    ...survey.lookups.map(({ table, missing }, i) =>
      row(
        i === 0 ? "lookups" : "",
        `${formatNumber(missing)} without a row in ${printable(showTable(table))}`,
      ),
    ),
    row("chunks", formatChunks(plan, order)),
    row("memory", formatMemory(plan.projectedBytes)),
    row("time", `about ${formatDuration(plan.projectedSeconds)} with one worker on this machine`),
    ...(store.attributes === null ? [] : formatAttributes(survey, colliding)),
    ...formatSample(sample),
  ].join("\n");
}

function row(name: string, text: string): string {
  return `  ${name.padEnd(12)} ${text}`;
}

function formatMemory(bytes: number | null): string {
  if (bytes === null) return "–";
  const [size, unit] = bytes < MIB ? [bytes / 1024, "KiB"] : [bytes / MIB, "MiB"];
  return `about ${formatNumber(Math.ceil(size))} ${unit} in the target`;
}

/** Where times have no zone of their own, the zone in which they are read decides who is logged out. */
function formatZone({ columns, zone }: ResolvedStore): string {
  return columns.some(isZoneless) ? `, its times without a zone read as ${zone}` : "";
}

function formatChunks({ sessions, chunks, chunkSize }: Plan, order: ReadingOrder): string {
  if (chunks === 0) return "none";
  if (order.kind === "physical") {
    const each = Math.round(sessions.total / (chunks - 1));
    return `${formatNumber(chunks - 1)} of about ${formatNumber(each)} sessions, ${describeOrder(order)}, and one for what is written meanwhile`;
  }
  const last = sessions.total - (chunks - 1) * chunkSize;
  return `${formatNumber(chunks)} of ${formatNumber(chunkSize)} sessions, the last of ${formatNumber(last)}`;
}

function formatAttributes(survey: Survey, colliding: readonly string[]): string[] {
  return [
    row(
      "rejects",
      `${formatSessions(survey.collidingSessions)}, because an attribute has the name of a field`,
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
      : `${fields.length} ${fields.length === 1 ? "field" : "fields"}: ${fields.map(quote).join(", ")}`;
  return `${printable(key)}, a ${type} of ${value}; expires ${formatExpiry(expiresAt)}`;
}

const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];

/** In words too: whoever knows the application sees there whether the zone is right. */
function formatExpiry(expiresAt: number): string {
  const left = expiresAt - Date.now();
  const [days, hours, minutes] = [
    Math.floor(left / DAY),
    Math.floor(left / HOUR) % 24,
    Math.floor(left / MINUTE) % 60,
  ];
  const words =
    days > 0
      ? `${formatNumber(days)} d ${hours} h`
      : hours > 0
        ? `${hours} h ${minutes} min`
        : `${minutes} min`;
  return `in ${words} (${formatTime(expiresAt)})`;
}

/** PostgreSQL has times that JavaScript cannot represent. */
function formatTime(milliseconds: number): string {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) ? "beyond the year 275760" : date.toISOString();
}

/** Quoted where it holds more than letters, digits and a few signs. Control characters are escaped. */
function quote(name: string): string {
  return /^[\w.:-]+$/.test(name) ? name : `"${printable(name.replace(/["\\]/g, "\\$&"))}"`;
}
