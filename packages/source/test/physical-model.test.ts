import fc from "fast-check";
import type { NamedStore } from "@rehome/core";
import type pg from "pg";
import { describe, expect, it } from "vitest";
import { connect, CREATE_LOGIN, LOGIN, planRun } from "./physical-fixture.js";
import { idsOf, model, type Table, WRITERS, Writers } from "./physical-model.js";
import { attributesOf, type SourceSession } from "./source-session.js";
import {
  type Database,
  databaseOf,
  openStore,
  referenceDatabase,
  referenceStore,
} from "./source-fixture.js";

const seed = Number(process.env["REHOME_TEST_SEED"] ?? Date.now() % 2 ** 31);
const numRuns = Number(process.env["REHOME_TEST_RUNS"] ?? 60);
const TIMEOUT_MS = 120_000 + numRuns * 2_000;
console.log(`REHOME_TEST_SEED=${seed}`);

/** A table as a test writes it, and the database with its store. */
interface Subject {
  readonly table: Table;
  readonly store: NamedStore;
  readonly database: Database;
}

async function oneTable(): Promise<Subject> {
  const table: Table = {
    name: "login",
    write: async (client, ids, version, length) => {
      await client.query(
        `INSERT INTO login (sid, sess) SELECT sid, rpad($2, $3, '.') FROM unnest($1::text[]) AS sid
           ON CONFLICT (sid) DO UPDATE SET sess = excluded.sess`,
        [ids, version, length],
      );
    },
    remove: async (client, ids) => {
      await client.query("DELETE FROM login WHERE sid = ANY ($1)", [ids]);
    },
    lock: async (client, ids) => {
      await client.query("SELECT FROM login WHERE sid = ANY ($1) FOR UPDATE", [ids]);
    },
  };
  return { table, store: LOGIN, database: await databaseOf(CREATE_LOGIN, SMALL_BATCHES) };
}

/** Attributes are written with the row of their session, as an application does that tells when it was last used. */
async function referenceTables(): Promise<Subject> {
  const table: Table = {
    name: "user_sessions",
    write: async (client, ids, version, length) => {
      await client.query(
        `INSERT INTO user_sessions (session_id, user_id, user_agent, expires_at)
           SELECT id, 1, rpad($2, $3, '.'), '2099-01-01' FROM unnest($1::text[]) AS id
           ON CONFLICT (session_id) DO UPDATE SET user_agent = excluded.user_agent`,
        [ids, version, length],
      );
      await client.query(
        `INSERT INTO session_data (session_id, attribute_key, attribute_value)
           SELECT id, 'k' || n, $2 FROM unnest($1::text[]) AS id, generate_series(1, length(id) - 2) n
           ON CONFLICT (session_id, attribute_key) DO UPDATE SET attribute_value = excluded.attribute_value`,
        [ids, version],
      );
    },
    remove: async (client, ids) => {
      await client.query("DELETE FROM user_sessions WHERE session_id = ANY ($1)", [ids]);
    },
    lock: async (client, ids) => {
      const lock = "SELECT FROM user_sessions WHERE session_id = ANY ($1) FOR KEY SHARE";
      await client.query(lock, [ids]);
    },
  };
  const database = await referenceDatabase(SMALL_BATCHES);
  await database.client.query("ALTER TABLE user_sessions SET (autovacuum_enabled = off)");
  return { table, store: referenceStore(), database };
}

const SMALL_BATCHES = { batchBytes: 2_000 };

/** What a session is, whichever way it was read. */
function contentOf(session: SourceSession) {
  return { columns: session.columns, attributes: attributesOf(session) };
}

describe("whoever writes what and when, every session is read as it is in the end", () => {
  it.each([
    ["from one table", oneTable],
    ["from the reference store, with its attributes", referenceTables],
  ] as const)(
    "%s",
    async (_, open) => {
      const { table, store, database } = await open();
      const clients: pg.Client[] = [];
      for (let writer = 0; writer < WRITERS; writer += 1) clients.push(await connect(database));
      // Whoever waits for another for ever fails, and holds up no other test.
      for (const client of [...clients, database.client])
        await client.query("SET statement_timeout = '20s'");
      const byId = await openStore(database, store);
      const property = fc.asyncProperty(model, async (made) => {
        await database.client.query(
          `TRUNCATE ${table.name} CASCADE; ALTER TABLE ${table.name} SET (fillfactor = ${made.fillfactor})`,
        );
        const writers = new Writers(clients, database.client, table);
        try {
          for (const [writer, client] of clients.entries())
            await table.write(client, idsOf(writer, 0, made.sessions), "v0", made.length);
          for (const operation of made.before) await writers.do(operation);
          const run = await planRun(database, { store, chunkSize: made.chunkSize });
          const unread = new Set(run.ranges.keys());
          const read = async (chunk: number, meanwhile?: () => Promise<void>) => {
            unread.delete(chunk);
            await run.read(chunk, meanwhile);
          };
          for (const step of made.during) {
            if (step.kind === "read")
              await read(step.at % run.ranges.length, async () => {
                for (const operation of step.meanwhile) await writers.do(operation);
              });
            else await writers.do(step);
          }
          for (const chunk of unread) if (chunk !== run.chunks) await read(chunk);
          await read(run.chunks);

          for (const session of await byId.read()) {
            const found = run.found.get(String(session.id));
            expect(found && contentOf(found), String(session.id)).toEqual(contentOf(session));
          }
        } finally {
          await writers.rollBack();
        }
      });
      await fc.assert(property, { numRuns, seed });
    },
    TIMEOUT_MS,
  );
});
