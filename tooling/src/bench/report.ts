import { cpus, platform, release, totalmem } from "node:os";
import pg from "pg";
import { findOnPath, thisMachine } from "../local-services/machine.js";
import type { Arena, Contender } from "./contender.js";
import { median, ratioOf, renderTable, type Row, whole } from "./table.js";
import type { Size, Workload } from "./workload.js";

/** Others' tools, named by the command that would run them; neither is in a package registry as a whole. */
const RIVALS = [
  ["riot", "RIOT db-import: not on Maven Central; get its release from github.com/redis/riot"],
  ["redpanda-connect", "Redpanda Connect: not under an open-source licence as a whole"],
] as const;

/** What was measured of one store, by its title. */
export interface Section {
  readonly title: string;
  readonly text: string;
}

/** All that was measured, of which some may be from an earlier run. */
export function renderReport(sections: readonly Section[]): string {
  return [
    "# What `npm run bench` measured",
    "",
    "Each turn from an emptied target, side by side in one run. " +
      "Rehome is timed from the start of `rehome start --wait` to its end; its workers wait beforehand. " +
      "Every contender's result was counted, and a sample compared value by value, with expiry.",
    "",
    ...RIVALS.map(([command, where]) => `- ${describeRival(command, where)}`),
    ...sections.flatMap(({ title, text }) => ["", `## ${title}`, "", text]),
  ].join("\n");
}

/** The inverse, of its sections. */
export function readSections(report: string): Section[] {
  const [, ...parts] = report.split(/^## /m);
  return parts.map((part) => {
    const end = part.indexOf("\n");
    return { title: part.slice(0, end), text: part.slice(end).trim() };
  });
}

/** What moving one store's sessions took. */
export function renderSection(
  { title, description, fastest, oneLiner, textbook, goProgram }: Workload,
  { sessions, users }: Size,
  rows: readonly Row[],
  notes: readonly string[],
): Section {
  const turnsOf = (contender: Contender) =>
    rows.find(({ name }) => name === contender.name)?.turns ?? [];
  const [mine, theirs, inGo] = [turnsOf(fastest), turnsOf(oneLiner), turnsOf(goProgram)];
  const turns = rows.flatMap((row) => row.turns);
  const most = (name: "firstChunkMs" | "longestHoldMs") =>
    whole(Math.max(...turns.flatMap((turn) => turn[name] ?? [])));
  const memory = (of: typeof mine) => median(of.map(({ bytesPerSession }) => bytesPerSession));
  const rounds = mine.length === 1 ? "one round" : `${mine.length} rounds`;
  const text = [
    `${whole(sessions)} sessions of ${whole(users)} users, ${description}; ${rounds}.`,
    "",
    renderTable(rows, oneLiner.name, sessions),
    "",
    `- ${fastest.name}: **${ratioOf(mine, theirs).toFixed(2)}×** the one-liner, ` +
      (inGo.length === 0 ? "" : `**${ratioOf(mine, inGo).toFixed(2)}×** the Go program, `) +
      `**${ratioOf(mine, turnsOf(textbook)).toFixed(1)}×** the textbook script, ` +
      `**${(memory(mine) / memory(theirs)).toFixed(2)}×** the memory that the one-liner leaves taken.`,
    `- The first chunk was begun ${most("firstChunkMs")} ms after the run had started, at the latest; ` +
      `no worker's event loop was held longer than ${most("longestHoldMs")} ms.`,
    ...notes.map((note) => `- ${note}`),
  ].join("\n");
  return { title, text };
}

function describeRival(command: string, where: string): string {
  return findOnPath(command, thisMachine()) === null
    ? `Skipped, since there is no \`${command}\` here. ${where}.`
    : `\`${command}\` is here, but this benchmark does not know yet how to run it.`;
}

/** `otherLoad` is the load average before anything was started. */
export async function describeMachine(arena: Arena, otherLoad: number): Promise<string> {
  return (
    `Machine: ${cpus().length} cores (${cpus()[0]?.model.trim() ?? "unknown processor"}) under a load of ${otherLoad.toFixed(1)} by others, ${whole(totalmem() / 2 ** 30)} GiB, ` +
    `${platform()} ${release()}, Node ${process.versions.node}, ${await describeServers(arena)}; ${arena.place}.`
  );
}

async function describeServers({ urls, redis }: Arena): Promise<string> {
  const client = new pg.Client(urls.SOURCE_URL);
  await client.connect();
  const { rows } = await client.query<{ version: string }>(
    "SELECT split_part(current_setting('server_version'), ' ', 1) AS version",
  );
  await client.end();
  const version = /^redis_version:(\S+)/m.exec(await redis.info("server"))?.[1];
  return `PostgreSQL ${rows[0]?.version}, Redis ${version}`;
}
