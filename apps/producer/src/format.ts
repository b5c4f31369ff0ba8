import type { Status, Verification } from "@rehome/core";
import type { ShownReject } from "@rehome/queue";
import colors from "picocolors";
import type { EffectiveConfig } from "./effective-config.js";

const number = new Intl.NumberFormat("en-US");

export function formatNumber(value: number | null): string {
  return value === null ? "–" : number.format(Math.round(value));
}

export function formatSessions(count: number): string {
  return `${formatNumber(count)} ${count === 1 ? "session" : "sessions"}`;
}

export function formatDuration(seconds: number | null): string {
  if (seconds === null) return "–";
  const whole = Math.round(seconds);
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h > 0 ? `${h}h ${m}m` : m > 0 ? `${m}m ${s}s` : `${s}s`;
}

export function formatOutcomes({ sessions }: Status): string {
  const { migrated, kept, expired, rejected } = sessions;
  return [
    `${formatNumber(migrated)} migrated`,
    `${formatNumber(kept)} kept`,
    `${formatNumber(expired)} expired`,
    `${formatNumber(rejected)} rejected`,
  ].join(", ");
}

/** One line, for output that is not animated. */
export function formatStatusLine(status: Status): string {
  const { sessions, chunks } = status;
  return [
    `${status.phase}: ${formatNumber(sessions.read)} of ${formatNumber(sessions.planned)} sessions`,
    `${chunks.done}/${chunks.total} chunks`,
    `${formatNumber(status.sessionsPerSecond)}/s`,
    `ETA ${formatDuration(status.etaSeconds)}`,
    formatOutcomes(status),
  ].join(" · ");
}

export function formatStatus(status: Status): string {
  const { sessions, chunks } = status;
  const row = (name: string, value: string) => `  ${name.padEnd(10)} ${value}`;
  const lines = [
    `${colors.bold(status.run)}  ${formatPhase(status.phase)}`,
    row("sessions", `${formatNumber(sessions.read)} of ${formatNumber(sessions.planned)} read`),
    row("", formatOutcomes(status)),
    row(
      "chunks",
      `${chunks.done} done, ${chunks.active} active, ${chunks.waiting} waiting, ${chunks.failed} failed of ${chunks.total}`,
    ),
    row(
      "speed",
      `${formatNumber(status.sessionsPerSecond)} sessions/s, ETA ${formatDuration(status.etaSeconds)}`,
    ),
    row(
      "started",
      `${status.startedAt}${status.finishedAt === null ? "" : `, finished ${status.finishedAt}`}`,
    ),
  ];
  if (status.notice !== null) lines.push(row("notice", colors.yellow(status.notice)));
  return lines.join("\n");
}

export function formatRuns(statuses: readonly Status[]): string {
  if (statuses.length === 0) return "no runs yet. Start one with: rehome start";
  return statuses
    .map(
      (status) =>
        `${status.run}  ${formatPhase(status.phase).padEnd(10)}  ${formatOutcomes(status)}`,
    )
    .join("\n");
}

/** `remark`: why there is no verdict, or what weakens it. */
export function formatVerification(result: Verification, remark: string | null): string {
  const parts = (
    ["matched", "missing", "mismatched", "extra", "kept", "expired", "rejected"] as const
  )
    .filter((name) => result[name] !== null)
    .map(
      (name) =>
        `${formatNumber(result[name])} ${name === "matched" && result.mode === "count" ? "present" : name}`,
    );
  return `${formatVerdict(result)}: ${formatSessions(result.checked)} checked (${result.mode}): ${parts.join(", ")}${remark === null ? "" : `\n${remark}`}`;
}

function formatVerdict({ mode, ok }: Verification): string {
  if (ok === null) return colors.yellow("no verdict");
  if (!ok) return colors.red("differs");
  return colors.green(mode === "count" ? "counts agree (contents were not compared)" : "verified");
}

export function formatReject(reject: ShownReject): string {
  return `${reject.fingerprint}  chunk ${reject.chunk}  ${reject.message}  (tried ${reject.attempts}×, ${reject.at})`;
}

export function formatConfig({ file, options, urls }: EffectiveConfig): string {
  const rows = [
    ...Object.entries(options).map(([name, { value, source }]) => ({
      name,
      value: formatValue(value),
      source,
    })),
    ...Object.entries(urls).map(([name, value]) => ({ name, value, source: "environment" })),
  ];
  const nameWidth = Math.max(...rows.map(({ name }) => name.length));
  const valueWidth = Math.max(...rows.map(({ value }) => value.length));
  return [
    colors.bold(file ?? "no config file"),
    ...rows.map(
      ({ name, value, source }) =>
        `  ${name.padEnd(nameWidth)}  ${value.padEnd(valueWidth)}  ${colors.dim(source)}`,
    ),
  ].join("\n");
}

/** Quoted where a terminal would not show it unchanged. */
function formatValue(value: unknown): string {
  if (value === null) return "none";
  return typeof value === "string" && /^[!-~]+$/.test(value) ? value : JSON.stringify(value);
}

function formatPhase(phase: Status["phase"]): string {
  switch (phase) {
    case "completed":
      return colors.green(phase);
    case "failed":
      return colors.red(phase);
    case "paused":
    case "cancelled":
      return colors.yellow(phase);
    case "planning":
    case "running":
      return colors.cyan(phase);
  }
}
