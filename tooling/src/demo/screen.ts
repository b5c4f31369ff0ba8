import colors from "picocolors";
import type { ExampleSession } from "./example-session.js";
import { countBy, type Reject, type Status, type Verification } from "./expectation.js";

const WIDTH = 100;
const number = new Intl.NumberFormat("en-US");

export interface Screen {
  readonly status: Status;
  readonly rejects: readonly Reject[];
  readonly verification: Verification;
  readonly example: ExampleSession;
  readonly reading: { readonly sql: number; readonly redis: number };
  readonly dashboard: string;
  /** Who may sign in there. */
  readonly operator: { readonly name: string; readonly password: string };
  readonly wrong: readonly string[];
}

/** Everything the demo has shown, on one screen. */
export function renderScreen(screen: Screen): string {
  const { status, verification, example, reading } = screen;
  const { sessions } = status;
  const seconds =
    status.finishedAt === null
      ? Number.NaN
      : (Date.parse(status.finishedAt) - Date.parse(status.startedAt)) / 1000;
  return [
    heading(`Run ${status.run}: ${status.phase} in ${seconds.toFixed(1)} s`),
    row(
      "read",
      sessions.read,
      `sessions in ${status.chunks["done"]} chunks, ${number.format(status.sessionsPerSecond ?? 0)} a second`,
    ),
    row("migrated", sessions.migrated, "written, each as one hash with its expiry"),
    row("kept", sessions.kept, "the target already held a newer one"),
    row("expired", sessions.expired, "past their expiry; older copies were removed"),
    row("rejected", sessions.rejected, "cannot be represented:"),
    ...countBy(screen.rejects).map(([code, count]) =>
      row("", count, `${code}: ${why(screen.rejects, code)}`),
    ),
    "",
    heading(`One session, before and after (${example.fingerprint})`),
    ...example.source.flatMap(([table, rows]) =>
      rows.map((cells) => clip(`  ${colors.dim(table.padEnd(16))} ${cells.join(", ")}`)),
    ),
    ...example.target.map(([field, value]) => clip(`  ${colors.cyan(field.padEnd(22))} ${value}`)),
    `  ${colors.cyan("(expires)".padEnd(22))} in ${number.format(example.expiresInSeconds)} s`,
    "",
    heading("Reading one session (median of 200)"),
    `  ${"SQL join".padEnd(10)} ${reading.sql.toFixed(3)} ms`,
    `  ${"HGETALL".padEnd(10)} ${reading.redis.toFixed(3)} ms   ${(reading.sql / reading.redis).toFixed(1)} times faster`,
    "",
    screen.wrong.length === 0
      ? colors.green(verified(verification))
      : colors.red(wrong(screen.wrong)),
    `  dashboard: ${screen.dashboard} (sign in as ${screen.operator.name} with ${screen.operator.password})`,
  ].join("\n");
}

function verified(result: Verification): string {
  const others = (["expired", "kept", "rejected"] as const)
    .filter((name) => result[name] > 0)
    .map((name) => `${number.format(result[name])} ${name}`);
  const sampled = [
    `${number.format(result.matched)} identical`,
    ...others,
    "none missing, none different",
  ];
  return `✔ verified, and every count adds up: of ${number.format(result.checked)} sampled sessions ${sampled.join(", ")}`;
}

function wrong(lines: readonly string[]): string {
  return ["✘ not as it must be:", ...lines.map((line) => `  ${line}`)].join("\n");
}

function heading(text: string): string {
  return colors.bold(text);
}

function row(name: string, value: number, text: string): string {
  return `  ${name.padEnd(10)} ${number.format(value).padStart(8)}  ${text}`;
}

function why(rejects: readonly Reject[], code: string): string {
  return [
    ...new Set(rejects.filter((reject) => reject.code === code).map((reject) => reject.message)),
  ].join("; ");
}

function clip(text: string): string {
  return text.length > WIDTH + 10 ? `${text.slice(0, WIDTH + 9)}…` : text;
}
