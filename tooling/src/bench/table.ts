import { renderTable as renderMarkdownTable } from "../markdown-table.js";
import type { Measured } from "./measure.js";

export interface Row {
  readonly name: string;
  readonly turns: readonly Measured[];
}

const HEADER = [
  "way",
  "sessions/s: median (min–max)",
  "to the one-liner",
  "CPU s per million: loader / PostgreSQL / Redis",
  "bytes a session",
  "peak RSS of a worker",
];
/** One more, where it was counted. */
const READ = "MB read from the disk per million";

/** The results as a Markdown table; `baseline` is the row that ratios are to. */
export function renderTable(rows: readonly Row[], baseline: string, sessions: number): string {
  const base = rows.find(({ name }) => name === baseline);
  const isRead = rows.some(({ turns }) => turns.some((turn) => turn.bytesRead !== null));
  const lines = rows.map(({ name, turns }) => {
    const speeds = turns.map(({ seconds }) => sessions / seconds);
    const ratio = base === undefined ? "–" : `${ratioOf(turns, base.turns).toFixed(2)}×`;
    return [
      name,
      `${whole(median(speeds))} (${whole(Math.min(...speeds))}–${whole(Math.max(...speeds))})`,
      ratio,
      [
        perMillion(
          turns.map(({ loaderSeconds }) => loaderSeconds),
          sessions,
        ),
        perMillion(
          turns.map(({ postgresSeconds }) => postgresSeconds),
          sessions,
        ),
        perMillion(
          turns.map(({ redisSeconds }) => redisSeconds),
          sessions,
        ),
      ].join(" / "),
      wholeOrDash(medianOf(turns.map(({ bytesPerSession }) => bytesPerSession))),
      peak(turns),
      ...(isRead ? [megabytesRead(turns, sessions)] : []),
    ];
  });
  return renderMarkdownTable([[...HEADER, ...(isRead ? [READ] : [])], ...lines]);
}

/** Of medians, how many times faster than the other. */
export function ratioOf(turns: readonly Measured[], others: readonly Measured[]): number {
  const seconds = (of: readonly Measured[]) => median(of.map((turn) => turn.seconds));
  return seconds(others) / seconds(turns);
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** Null where any is not known. */
export function medianOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((one) => one !== null);
  return known.length < values.length ? null : median(known);
}

export function perMillion(seconds: readonly (number | null)[], sessions: number): string {
  const known = medianOf(seconds);
  return known === null ? "–" : ((known / sessions) * 1e6).toFixed(1);
}

function megabytesRead(turns: readonly Measured[], sessions: number): string {
  const bytes = medianOf(turns.map(({ bytesRead }) => bytesRead));
  // Megabytes per million are bytes per session.
  return wholeOrDash(bytes === null ? null : bytes / sessions);
}

function wholeOrDash(value: number | null): string {
  return value === null ? "–" : whole(value);
}

function peak(turns: readonly Measured[]): string {
  const known = turns.flatMap(({ peakBytes }) => peakBytes ?? []);
  return known.length === 0 ? "–" : `${whole(Math.max(...known) / 1024 / 1024)} MiB`;
}

const number = new Intl.NumberFormat("en-US");
export function whole(value: number): string {
  return number.format(Math.round(value));
}
