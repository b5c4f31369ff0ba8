import { spawnSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import {
  completeMapping,
  makeTransform,
  mappingSchema,
  type Transformed,
  TransformedBatch,
} from "@rehome/core";
import type { Client } from "pg";
import { describe, expect, it } from "vitest";
import {
  collect,
  type Database,
  EVERYTHING,
  failureOf,
  insertSession,
  openStore,
  READ,
  readOne,
  referenceDatabase,
  referenceStore,
  STARTED,
  BY_ID,
  boundOf,
} from "./source-fixture.js";
import { openSource } from "../src/index.js";
import { attributesOf, INFINITE_FUTURE, INFINITE_PAST, sessionsOf } from "./source-session.js";

const utc = (text: string) =>
  BigInt(Date.parse(`${text.slice(0, 23)}Z`)) * 1000n + BigInt(text.slice(23, 26) || "0");

/** As PostgreSQL counts days: the year -4712 of a calendar with a year 0. */
const FIRST_OF_4713_BC = BigInt(Date.UTC(-4712, 0, 1)) * 1000n;

describe("a session", () => {
  it("comes with its user, preferences and attributes, null where there is nothing", async () => {
    const database = await referenceDatabase();
    await insertSession(database, "one", { created_at: null, last_activity_at: null }, [
      ["cart", "{}"],
      ["", "empty name"],
      ["none", null],
      ["__proto__", ""],
    ]);
    await insertSession(database, "two", { user_id: 2, user_agent: "ü🧳" });
    const read = new Map((await database.read()).map((session) => [String(session.id), session]));
    const [one, two] = [read.get("one")!, read.get("two")!];
    expect(read.size).toBe(2);
    expect(one).toMatchObject({
      id: "one",
      columns: {
        user_id: "1",
        username: "ada",
        email: "ada@example.com",
        ip_address: null,
        user_agent: null,
        created_at: null,
        last_activity_at: null,
        theme: "dark",
        language: "fr",
        notifications_enabled: false,
      },
    });
    expect(attributesOf(one)).toEqual(
      new Map([
        ["cart", "{}"],
        ["", "empty name"],
        ["none", null],
        ["__proto__", ""],
      ]),
    );
    expect(two).toMatchObject({
      columns: {
        user_id: "2",
        user_agent: "ü🧳",
        theme: null,
        language: null,
        notifications_enabled: null,
      },
      attributes: [],
    });
  });

  it("has its times to the microsecond, in the zone that the store names", async () => {
    const database = await referenceDatabase();
    await insertSession(database, "one", {
      created_at: "2026-07-01 12:00:00.000001",
      last_activity_at: "2026-01-01 00:00:00.999999",
      expires_at: "1969-12-31 23:59:59.5",
    });
    expect(await readTimes(database, "UTC")).toEqual({
      created_at: utc("2026-07-01T12:00:00.000001"),
      last_activity_at: utc("2026-01-01T00:00:00.999999"),
      expires_at: -500_000n,
    });
    for (const zone of ["America/New_York", "server"]) {
      expect(await readTimes(database, zone)).toMatchObject({
        created_at: utc("2026-07-01T16:00:00.000001"),
        last_activity_at: utc("2026-01-01T05:00:00.999999"),
      });
    }
  });

  it("may have times at the very ends of what the server can hold, in any zone", async () => {
    const database = await referenceDatabase();
    await insertSession(database, "one", {
      created_at: "-infinity",
      last_activity_at: "4713-01-01 00:00:00 BC",
      expires_at: "infinity",
    });
    for (const zone of ["UTC", "Pacific/Kiritimati", "America/Los_Angeles"]) {
      expect(await readTimes(database, zone)).toEqual({
        created_at: INFINITE_PAST,
        // What a zone might carry beyond what the server can hold counts as infinite.
        last_activity_at: zone === "UTC" ? FIRST_OF_4713_BC : INFINITE_PAST,
        expires_at: INFINITE_FUTURE,
      });
    }
    await database.client.query(
      "UPDATE user_sessions SET expires_at = '294276-12-31 23:59:59.999999', last_activity_at = '0001-01-01'",
    );
    for (const zone of ["Pacific/Kiritimati", "America/Los_Angeles"])
      expect((await readTimes(database, zone)).expires_at).toBe(INFINITE_FUTURE);
    const times = await readTimes(database, "UTC");
    expect(times.expires_at).toBeGreaterThan(utc("9999-12-31T23:59:59.999999"));
    expect(times.last_activity_at).toBe(utc("0001-01-01T00:00:00.000000"));
  });

  it("reads the same whatever the zone of the process", async () => {
    const database = await referenceDatabase();
    await insertSession(database, "one", {
      created_at: "2026-03-29 02:30:00.123456",
      last_activity_at: "2026-11-01 01:30:00",
    });
    const script = `
      import { openSource } from "${new URL("../dist/index.js", import.meta.url).href}";
      import { defaultStore } from "${import.meta.resolve("@rehome/core")}";
      const source = openSource(new URL(process.argv[1]));
      const { store } = await source.inspect({ ...defaultStore, zone: "Asia/Tokyo" });
      for await (const batch of source.sessions(store, { kind: "id" }).extract({ after: null, upTo: null }, { maxSessionBytes: 1e6 }))
        console.log([0, 1, 2].map((time) => batch.milliseconds(0, time) + "." + batch.microseconds(0, time)));
      await source.close();`;
    const outputs = ["America/New_York", "Asia/Kolkata", "UTC"].map((TZ) => {
      const child = spawnSync(
        process.execPath,
        ["--input-type=module", "-e", script, database.url.href],
        {
          env: { ...process.env, TZ },
          encoding: "utf8",
        },
      );
      expect(child.stderr).toBe("");
      return child.stdout;
    });
    expect(outputs[0]).toContain(`${Date.parse("2026-03-28T17:30:00.123Z")}.456`);
    expect(new Set(outputs).size).toBe(1);
  });

  it("may be large: 5 MB in one attribute, 3,000 attributes", async () => {
    const database = await referenceDatabase();
    const large = "0123456789".repeat(500_000);
    const many = Array.from({ length: 3_000 }, (_, i) => [`key ${i}`, `value ${i}`] as const);
    await insertSession(database, "one", {}, [["large", large], ...many]);
    const session = await readOne(database);
    const attributes = attributesOf(session);
    expect(attributes.size).toBe(3_001);
    expect(attributes.get("large") === large).toBe(true);
    expect(attributes.get("key 2999")).toBe("value 2999");
    expect(session.bytes).toBeGreaterThan(5_000_000);
  });

  it("over the limit, in one value or in many, is not read whole, and its neighbours are", async () => {
    const database = await referenceDatabase();
    await insertSession(database, "a", {}, [["small", "1"]]);
    await insertSession(database, "b", {}, [["large", "x".repeat(10_001)]]);
    await insertSession(
      database,
      "c",
      {},
      Array.from({ length: 20 }, (_, i) => [`k${i}`, "x".repeat(1_000)] as const),
    );
    await insertSession(database, "d", { user_agent: "x".repeat(10_001) });
    await insertSession(database, "e", {}, [["small", "1"]]);
    const sessions = await database.read({ maxSessionBytes: 10_000 });
    expect(
      new Map(sessions.map(({ id, bytes }) => [id as string, bytes === Number.POSITIVE_INFINITY])),
    ).toEqual(new Map(Object.entries({ a: false, b: true, c: true, d: true, e: false })));
    for (const session of sessions)
      expect(JSON.stringify(session.attributes).length).toBeLessThan(10_000);
  });
});

describe("extraction", () => {
  it("gives batches bounded in bytes and in sessions", async () => {
    const database = await referenceDatabase({ batchBytes: 50_000 });
    for (let i = 0; i < 20; i += 1)
      await insertSession(database, `large ${i}`, {}, [["k", "x".repeat(20_000)]]);
    await database.client.query(
      "INSERT INTO user_sessions (session_id, user_id, expires_at) SELECT 'small' || i, 1, '2099-01-01' FROM generate_series(1, 2000) i",
    );
    let read = 0;
    for await (const batch of database.sessions.extract(EVERYTHING, READ)) {
      read += batch.count;
      expect(batch.count).toBeLessThanOrEqual(500);
      const others = sessionsOf(batch, database.store).slice(0, -1);
      expect(others.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(50_000);
    }
    expect(read).toBe(2_020);
  });

  it("holds a few batches at a time, however much there is to read", async () => {
    const database = await referenceDatabase();
    await database.client.query(`
      INSERT INTO user_sessions (session_id, user_id, expires_at) SELECT 's' || i, 1, '2099-01-01' FROM generate_series(1, 60) i;
      INSERT INTO session_data (session_id, attribute_key, attribute_value)
        SELECT 's' || i, 'k', repeat(md5(i::text), 160000) FROM generate_series(1, 60) i`);
    const script = `
      import { openSource } from "${new URL("../dist/index.js", import.meta.url).href}";
      import { defaultStore } from "${import.meta.resolve("@rehome/core")}";
      const source = openSource(new URL(process.argv[1]));
      const { store } = await source.inspect(defaultStore);
      let bytes = 0;
      for await (const batch of source.sessions(store, { kind: "id" }).extract({ after: null, upTo: null }, { maxSessionBytes: 1e8 })) {
        for (let i = 0; i < batch.count; i += 1) bytes += batch.size(i);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      await source.close();
      console.log(JSON.stringify({ bytes, peak: process.resourceUsage().maxRSS * 1024 }));`;
    const child = spawnSync(
      process.execPath,
      ["--input-type=module", "-e", script, database.url.href],
      { encoding: "utf8" },
    );
    const { bytes, peak } = JSON.parse(child.stdout) as { bytes: number; peak: number };
    expect(bytes).toBeGreaterThan(300_000_000);
    expect(peak).toBeLessThan(250_000_000);
  });

  it("is of one moment: what changes meanwhile is not seen", async () => {
    const database = await referenceDatabase({ batchBytes: 1 });
    for (const id of ["a", "b", "c"]) await insertSession(database, id, {}, [["k", "before"]]);
    const seen: unknown[] = [];
    for await (const batch of database.sessions.extract(EVERYTHING, READ)) {
      seen.push(...sessionsOf(batch, database.store).map(({ attributes }) => attributes[1]));
      await database.client.query("UPDATE session_data SET attribute_value = 'after'");
    }
    expect(seen).toEqual(["before", "before", "before"]);
  });

  it("left early or aborted leaves no busy connection, and the source goes on working", async () => {
    const database = await referenceDatabase({ connections: 1 });
    await database.client.query(
      "INSERT INTO user_sessions (session_id, user_id, user_agent, expires_at) SELECT 's' || i, 1, repeat('x', 5000), '2099-01-01' FROM generate_series(1, 5000) i",
    );
    for await (const batch of database.sessions.extract(EVERYTHING, READ)) {
      expect(batch.count).toBeGreaterThan(0);
      break;
    }
    const controller = new AbortController();
    const aborted = (async () => {
      for await (const batch of database.sessions.extract(EVERYTHING, {
        ...READ,
        signal: controller.signal,
      })) {
        if (batch.count > 0) controller.abort();
      }
    })();
    await expect(aborted).rejects.toThrow(/abort/i);
    expect(await database.sessions.count(EVERYTHING)).toBe(5_000);
    await expect.poll(() => busyConnections(database.client), { timeout: 10_000 }).toBe(0);
  });

  it("only reads: in a read-only transaction, and never the password hashes", async () => {
    const database = await referenceDatabase();
    await insertSession(database, "one", {}, [["k", "v"]]);
    await database.client.query(`
      ALTER TABLE session_data RENAME TO hidden;
      CREATE VIEW session_data AS
        SELECT session_id, attribute_key, current_setting('transaction_read_only') AS attribute_value FROM hidden;
      CREATE ROLE reader_${process.pid} LOGIN PASSWORD 'reader';
      GRANT SELECT ON user_sessions, session_data, user_preferences TO reader_${process.pid};
      GRANT SELECT (user_id, username, email) ON users TO reader_${process.pid}`);
    const url = new URL(database.url);
    [url.username, url.password] = [`reader_${process.pid}`, "reader"];
    const source = openSource(url);
    try {
      const { read: readAsReader } = await openStore({ source });
      const read = await readAsReader();
      expect(read.map(({ attributes }) => attributes)).toEqual([["k", "on"]]);
    } finally {
      await source.close();
      await database.client.query(
        `DROP OWNED BY reader_${process.pid}; DROP ROLE reader_${process.pid}`,
      );
    }
  });

  it("that fails says why without a word of the data, and whether it can be tried again", async () => {
    const database = await referenceDatabase();
    await insertSession(database, "canary", {}, [["k", "canary"]]);
    await database.client.query(`
      ALTER TABLE session_data RENAME TO hidden;
      CREATE VIEW session_data AS SELECT session_id, attribute_key, (attribute_value::int)::text AS attribute_value FROM hidden`);
    const failure = await failureOf(database.read({}, { after: boundOf("a"), upTo: boundOf("z") }));
    expect(failure).toMatchObject({ name: "RehomeError", code: "source-22P02", retryable: false });
    expect(`${failure.stack} ${JSON.stringify(failure)}`).not.toContain("canary");

    await database.client.query(
      "DROP VIEW session_data; ALTER TABLE hidden RENAME TO session_data",
    );
    const killed = await failureOf(
      (async () => {
        for await (const batch of database.sessions.extract(EVERYTHING, READ)) {
          expect(batch.count).toBe(1);
          await database.client.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'rehome' AND datname = current_database()",
          );
        }
      })(),
    );
    expect(killed).toMatchObject({ name: "RehomeError", retryable: true });
    expect(await database.sessions.count(EVERYTHING)).toBe(1);
  });
});

describe("a source that ends what waits", () => {
  it("leaves a chunk alone that its run slows down", async () => {
    const database = await referenceDatabase();
    for (const id of ["a", "b"]) await insertSession(database, id, {}, [["k", "v".repeat(2_000)]]);
    await database.client.query(`
      DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET idle_in_transaction_session_timeout = 200', current_database()); END $$`);
    const source = openSource(database.url, { batchBytes: 1_000 });
    const read: number[] = [];
    try {
      for await (const batch of source.sessions(database.store, BY_ID).extract(EVERYTHING, READ)) {
        read.push(batch.count);
        await sleep(600);
      }
    } finally {
      await source.close();
    }
    expect(read).toEqual([1, 1]);
  });
});

describe("a source without its constraints", () => {
  it.each(["fields", "json"] as const)(
    "has sessions rejected whose attributes, as %s, have no name or one name twice, and gives away no other",
    async (attributes) => {
      const database = await referenceDatabase();
      await insertSession(database, "a", {}, [["k", "canary"]]);
      await insertSession(database, "b", {}, [["k", "v"]]);
      await insertSession(database, "c", {}, [["k", "v"]]);
      await database.client.query(`
        ALTER TABLE session_data DROP CONSTRAINT session_data_session_id_attribute_key_key,
                                 ALTER attribute_key DROP NOT NULL;
        INSERT INTO session_data (session_id, attribute_key, attribute_value) VALUES ('b', NULL, 'v'), ('c', 'k', 'w');
        ALTER TABLE session_data DROP CONSTRAINT session_data_session_id_fkey;
        ALTER TABLE user_sessions DROP CONSTRAINT user_sessions_pkey CASCADE, ALTER session_id DROP NOT NULL;
        INSERT INTO user_sessions (session_id, user_id, expires_at) VALUES (NULL, 1, '2099-01-01')`);
      const { store, sessions } = await openStore(database);
      const mapping = completeMapping(mappingSchema.parse({ attributes }), store);
      const transform = makeTransform({ store, mapping, startedAt: Date.now() });
      const made: Transformed[] = [];
      for await (const batch of sessions.extract(EVERYTHING, READ)) {
        const into = new TransformedBatch();
        transform(batch, Date.now(), into);
        for (let i = 0; i < into.count; i += 1) made.push(into.at(i));
      }
      expect(made.map((one) => (one.kind === "rejected" ? one.reject.code : one.kind))).toEqual([
        "write",
        "unrepresentable",
        "field-collision",
      ]);
      expect(JSON.stringify(made.slice(1))).not.toContain("canary");
    },
  );
});

describe("reading by ids", () => {
  it("gives those that are there, each whole", async () => {
    const database = await referenceDatabase();
    for (const id of ["a", "b'; --", "ü🧳"]) await insertSession(database, id, {}, [["id", id]]);
    const ids = ["ü🧳", "b'; --", "nobody"];
    const read = await database.readByIds(ids);
    expect(
      read
        .map(({ id, attributes }) => [id, attributes[1]])
        .toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
    ).toEqual([
      ["b'; --", "b'; --"],
      ["ü🧳", "ü🧳"],
    ]);
    expect(await database.readByIds([])).toEqual([]);
  });

  it("goes with picking them at random, and with listing all of a range", async () => {
    const database = await referenceDatabase();
    for (const id of ["a", "b", "c", "d", "e"])
      await insertSession(database, id, { expires_at: "2030-01-01" });
    const range = { after: boundOf("a"), upTo: boundOf("d") };
    expect((await database.sessions.sampleIds(range, 99)).toSorted()).toEqual(["b", "c", "d"]);
    const sample = await database.sessions.sampleIds(EVERYTHING, 2);
    expect(new Set(sample).size).toBe(2);
    expect(await collect(database.sessions.listExpiries(range, STARTED))).toEqual(
      ["b", "c", "d"].map((id) => ({ id, expiresAt: Date.parse("2030-01-01T00:00:00Z") })),
    );
  });
});

async function busyConnections(client: Client): Promise<number> {
  const { rows } = await client.query<{ busy: string }>(
    "SELECT count(*) AS busy FROM pg_stat_activity WHERE application_name = 'rehome' AND datname = current_database() AND state <> 'idle'",
  );
  return Number(rows[0]?.busy);
}

/** The times of the only session, where those without a zone are meant in this one. */
async function readTimes(database: Database, zone: string) {
  const { columns } = await readOne(await openStore(database, referenceStore(zone)));
  const { created_at, last_activity_at, expires_at } = columns;
  return { created_at, last_activity_at, expires_at };
}
