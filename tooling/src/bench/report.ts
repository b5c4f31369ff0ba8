import { cpus, platform, release, totalmem } from "node:os";
import pg from "pg";
import { findOnPath, thisMachine } from "../local-services/machine.js";
import type { Arena } from "./contender.js";
import type { Section } from "./section.js";
import { whole } from "./table.js";

/** Others' tools, named by the command that would run them; neither is in a package registry as a whole. */
const RIVALS = [
  ["riot", "RIOT db-import: not on Maven Central; get its release from github.com/redis/riot"],
  ["redpanda-connect", "Redpanda Connect: not under an open-source licence as a whole"],
] as const;

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
