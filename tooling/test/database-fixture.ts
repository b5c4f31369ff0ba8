import pg from "pg";
import { afterEach, inject } from "vitest";
import { createDatabase } from "../src/local-services/index.js";
import { type Environment, type Finished, runProgram } from "../src/programs.js";

const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A source alone, for what looks at nothing else. */
export interface Database {
  readonly url: URL;
  readonly client: pg.Client;
  rehome(args: readonly string[], cwd?: string, environment?: Environment): Promise<Finished>;
}

let databases = 0;

export async function databaseWith(...statements: string[]): Promise<Database> {
  databases += 1;
  const server = new URL("/", inject("postgresUrl")).href;
  const url = new URL(await createDatabase(server, `database_${process.pid}_${databases}`));
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  closing.push(() => client.end());
  for (const statement of statements) await client.query(statement);
  return {
    url,
    client,
    rehome: (args, cwd = "/", environment = {}) =>
      runProgram("rehome", args, { SOURCE_URL: url.href, ...environment }, { cwd }),
  };
}

/** As frameworks and applications make them, with rows of which nothing may be shown. */
export const CONNECT_PG_SIMPLE = `
  CREATE TABLE "session" (sid varchar PRIMARY KEY, sess json NOT NULL, expire timestamp(6) NOT NULL);
  INSERT INTO "session"
  SELECT 'canary-id-' || i, '{"user":"canary-value"}', '2099-01-01' FROM generate_series(1, 9) i`;

export const LARAVEL = `
  CREATE TABLE sessions (id varchar(255) PRIMARY KEY, user_id bigint, ip_address varchar(45), user_agent text,
    payload text NOT NULL, last_activity int NOT NULL);
  INSERT INTO sessions
  VALUES ('canary-id', 1, '::1', 'canary-agent', 'Y2FuYXJ5', extract(epoch FROM now()))`;

/** Known to no preset. */
export const LOGIN = `
  CREATE SCHEMA auth;
  CREATE TABLE auth.login (token uuid PRIMARY KEY, account bigint, valid_until timestamptz NOT NULL,
    last_seen timestamp, ip inet);
  INSERT INTO auth.login VALUES (gen_random_uuid(), 7, '2099-01-01', now(), '::1')`;
