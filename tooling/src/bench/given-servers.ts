import { Redis } from "ioredis";
import { runProgram } from "../programs.js";
import type { Servers, Urls } from "./contender.js";
import { Refusal } from "./refusal.js";

/**
 * The servers that the environment names, once it is sure that nobody misses what the benchmark empties: both Redis
 * hold nothing. The source is looked at by `rehome seed`, which leaves alone what it did not make. Throws Refusal.
 */
export async function findGivenServers(): Promise<Servers> {
  const { urls, shown } = await readUrls();
  const target = await refuseUnlessEmpty("TARGET_URL", urls, shown);
  const queue = await refuseUnlessEmpty("QUEUE_URL", urls, shown);
  if (target === queue) {
    throw new Refusal(
      "QUEUE_URL and TARGET_URL name one server, whose work and memory could not be told apart. " +
        "Give the queue a Redis of its own",
    );
  }
  const places = Object.entries(shown).map(([name, text]) => `${name} ${text}`);
  return {
    urls: { ...urls, SOURCE_URL: inUtc(urls.SOURCE_URL) },
    own: null,
    place: `on given servers, whose processor time cannot be read: ${places.join(", ")}`,
  };
}

/** The URLs, and what may be shown of each: Rehome itself tells that, and whether it can read them. */
async function readUrls(): Promise<{ urls: Urls; shown: Urls }> {
  const urls = {
    SOURCE_URL: process.env["SOURCE_URL"] ?? "",
    QUEUE_URL: process.env["QUEUE_URL"] ?? "",
    TARGET_URL: process.env["TARGET_URL"] ?? "",
  };
  const told = await runProgram("rehome", ["config", "--json"], urls);
  if (told.code !== 0) throw new Refusal(told.stderr, told.code);
  const { urls: shown } = JSON.parse(told.stdout) as { urls: Urls };
  const amiss = Object.entries(shown).filter(([, text]) => !URL.canParse(text));
  if (amiss.length > 0) {
    throw new Refusal(
      `${amiss.map(([name, text]) => `${name} is ${text}`).join(", ")}. Set all three in the environment, ` +
        "such as SOURCE_URL=postgres://user:password@host/database and TARGET_URL=redis://:password@host",
      2,
    );
  }
  return { urls, shown };
}

/** Looks at every database of a Redis. Returns the id by which one knows its process again. */
async function refuseUnlessEmpty(name: keyof Urls, urls: Urls, shown: Urls): Promise<string> {
  const where = `${name}: ${shown[name]}`;
  const info = await readInfo(urls[name], where);
  const held = [...info.matchAll(/^db(\d+):keys=(\d+)/gm)];
  if (held.length > 0) {
    const keys = held.map(([, db, count]) => `${count} in database ${db}`).join(", ");
    throw new Refusal(
      `${where} holds keys (${keys}), and the benchmark empties it. Give it an empty Redis of its own, ` +
        "or run FLUSHALL there if nobody misses them",
    );
  }
  return /^run_id:(\S+)/m.exec(info)?.[1] ?? where;
}

/** One that is away is not waited for. */
async function readInfo(url: string, where: string): Promise<string> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
  // Why it could not connect, or not choose the database, is told here alone.
  const failures: unknown[] = [];
  redis.on("error", (error) => failures.push(error));
  try {
    await redis.connect();
    const info = await redis.info();
    if (failures.length === 0) return info;
  } catch (error) {
    failures.push(error);
  } finally {
    redis.disconnect();
  }
  const { message, code } = failures[0] as NodeJS.ErrnoException;
  throw new Refusal(
    `${where} cannot be used (${message || code}). Check the URL, and that the server is running`,
  );
}

/** Seed, check and every way but Rehome take the times to be UTC, whatever zone the server is set to. */
function inUtc(source: string): string {
  const url = new URL(source);
  const options = url.searchParams.get("options");
  url.searchParams.set("options", `${options ?? ""} -c TimeZone=UTC`.trim());
  // psql takes a + for itself.
  url.search = url.search.replaceAll("+", "%20");
  return url.href;
}
