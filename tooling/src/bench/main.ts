import { writeFile } from "node:fs/promises";
import { cpus, platform, release, totalmem } from "node:os";
import pg from "pg";
import { findOnPath, thisMachine } from "../local-services/machine.js";
import { withArena } from "./arena.js";
import type { Arena, Contender } from "./contender.js";
import { measure } from "./measure.js";
import { firstOneLiner, oneLiner } from "./one-liner.js";
import { readOptions } from "./options.js";
import { openProgress } from "./progress.js";
import { Refusal } from "./refusal.js";
import { rehome } from "./rehome.js";
import { seed } from "./seed.js";
import { median, ratioOf, renderTable, type Row, whole } from "./table.js";
import { textbook } from "./textbook.js";

const { sessions, users, rounds, results, given } = readOptions();

const FASTEST = rehome({ workers: 2, policy: "newer" });
const CONTENDERS: readonly Contender[] = [
  textbook,
  firstOneLiner,
  oneLiner,
  FASTEST,
  rehome({ workers: 1, policy: "newer" }),
  rehome({ workers: 2, policy: "replace" }),
  rehome({ workers: 2, policy: "newer", byHset: true }),
];

/** Others' tools, named by the command that would run them; neither is in a package registry as a whole. */
const RIVALS = [
  ["riot", "RIOT db-import: not on Maven Central; get its release from github.com/redis/riot"],
  ["redpanda-connect", "Redpanda Connect: not under an open-source licence as a whole"],
] as const;

try {
  await withArena({ sessions, given }, async (arena) => {
    const report = await renderReport(arena, await takeTurns(arena));
    process.stdout.write(`${report}\n`);
    if (results !== null) await writeFile(results, `${report}\n`);
  });
} catch (error) {
  // Never the error as a whole: a driver's carries its command, which may be AUTH with a password.
  const refused = error instanceof Refusal;
  process.stderr.write(`${refused ? `bench: ${error.message}` : (error as Error).stack}\n`);
  process.exit(refused ? error.exitCode : 1);
}

async function takeTurns(arena: Arena): Promise<Row[]> {
  const progress = openProgress();
  try {
    progress.step(`seeding ${whole(sessions)} sessions of ${whole(users)} users`, sessions);
    await seed(arena.urls, { sessions, users }, (done) => progress.at(done));
    const rows: Row[] = CONTENDERS.map(({ name }) => ({ name, turns: [] }));
    let turns = 0;
    for (let round = 1; round <= rounds; round += 1) {
      for (const [i, contender] of CONTENDERS.entries()) {
        progress.step(`round ${round} of ${rounds}: ${contender.name}`, rounds * CONTENDERS.length);
        const turn = await measure(arena, contender);
        rows[i] = { name: contender.name, turns: [...(rows[i]?.turns ?? []), turn] };
        turns += 1;
        progress.at(turns);
      }
    }
    return rows;
  } finally {
    progress.end();
  }
}

async function renderReport(arena: Arena, rows: readonly Row[]): Promise<string> {
  const turnsOf = (contender: Contender) =>
    rows.find(({ name }) => name === contender.name)?.turns ?? [];
  const [mine, theirs] = [turnsOf(FASTEST), turnsOf(oneLiner)];
  const turns = rows.flatMap((row) => row.turns);
  const most = (name: "firstChunkMs" | "longestHoldMs") =>
    whole(Math.max(...turns.flatMap((turn) => turn[name] ?? [])));
  const memory = (of: typeof mine) => median(of.map(({ bytesPerSession }) => bytesPerSession));
  return [
    "# What `npm run bench` measured",
    "",
    `${whole(sessions)} sessions of ${whole(users)} users, random UUID ids, two attributes each, preferences for 80 % of the users; ` +
      `${rounds === 1 ? "one round" : `${rounds} rounds`}, each turn from an emptied target, side by side in one run.`,
    "",
    renderTable(rows, oneLiner.name, sessions),
    "",
    `- ${FASTEST.name}: **${ratioOf(mine, theirs).toFixed(2)}×** the one-liner, ` +
      `**${ratioOf(mine, turnsOf(textbook)).toFixed(1)}×** the textbook script, ` +
      `**${(memory(mine) / memory(theirs)).toFixed(2)}×** the memory that HSET leaves.`,
    `- The first chunk was begun ${most("firstChunkMs")} ms after the run had started, at the latest; ` +
      `no worker's event loop was held longer than ${most("longestHoldMs")} ms.`,
    "- Rehome is timed from the start of `rehome start --wait` to its end; its workers wait beforehand. " +
      "Every contender's result was counted, and a sample compared field by field, with expiry.",
    ...RIVALS.map(([command, where]) => `- ${describeRival(command, where)}`),
    "",
    `Machine: ${cpus().length} × ${cpus()[0]?.model.trim() ?? "unknown processor"}, ${whole(totalmem() / 2 ** 30)} GiB, ` +
      `${platform()} ${release()}, Node ${process.versions.node}, ${await describeServers(arena)}; ${arena.place}.`,
  ].join("\n");
}

function describeRival(command: string, where: string): string {
  return findOnPath(command, thisMachine()) === null
    ? `Skipped, since there is no \`${command}\` here. ${where}.`
    : `\`${command}\` is here, but this benchmark does not know yet how to run it.`;
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
