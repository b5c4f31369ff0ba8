import fc from "fast-check";
import { expect, it } from "vitest";
import { referenceDatabase } from "./source-fixture.js";
import { attributesOf } from "./source-session.js";

const seed = Number(process.env["REHOME_TEST_SEED"] ?? Date.now() % 2 ** 31);
console.log(`REHOME_TEST_SEED=${seed}`);

const MAX_SESSION_BYTES = 3_000;

/** Lengths of the values of one session's attributes. */
const lengths = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: 0, max: 100 }) },
    { weight: 2, arbitrary: fc.integer({ min: 1_000, max: 2_000 }) },
    { weight: 1, arbitrary: fc.integer({ min: 2_900, max: 9_000 }) },
  ),
  { maxLength: 5 },
);

/** Some ids have a session, some only attributes; some sessions have a user agent too long for a page. */
const tables = fc.array(
  fc.record({
    isSession: fc.boolean(),
    userAgent: fc.constantFrom(0, 10, 2_500, 2_990, 5_000),
    lengths,
  }),
  { minLength: 1, maxLength: 60 },
);

it("whatever is there, in whatever order of sizes, every session comes once and with what is its own", async () => {
  const database = await referenceDatabase({ batchBytes: 2_000 });
  const { client } = database;
  await client.query("ALTER TABLE session_data DROP CONSTRAINT session_data_session_id_fkey");
  await fc.assert(
    fc.asyncProperty(tables, async (rows) => {
      await client.query("TRUNCATE session_data, user_sessions CASCADE");
      for (const [i, { isSession, userAgent, lengths: values }] of rows.entries()) {
        const id = `id ${i}`;
        if (isSession) {
          await client.query(
            "INSERT INTO user_sessions (session_id, user_id, user_agent, expires_at) VALUES ($1, $2, $3, '2099-01-01')",
            [id, 1 + (i % 2), "u".repeat(userAgent)],
          );
        }
        await client.query(
          `INSERT INTO session_data (session_id, attribute_key, attribute_value)
           SELECT $1, 'k' || place, repeat(chr(97 + $3 % 26), length) FROM unnest($2::int[]) WITH ORDINALITY AS t (length, place)`,
          [id, values, i],
        );
      }
      const read = await database.read({ maxSessionBytes: MAX_SESSION_BYTES });
      const ids = rows.flatMap(({ isSession }, i) => (isSession ? [`id ${i}`] : []));
      expect(read.map(({ id }) => id as string).toSorted()).toEqual(ids.toSorted());
      for (const session of read) {
        const i = Number(session.id.slice(3));
        const { userAgent, lengths: values } = rows[i]!;
        const bytes = userAgent + values.reduce((sum, length) => sum + length, 0);
        // Between the two it is up to the reader, who counts what comes with the values.
        if (bytes > MAX_SESSION_BYTES) expect(session.bytes).toBeGreaterThan(MAX_SESSION_BYTES);
        if (bytes < MAX_SESSION_BYTES - 1_000)
          expect(session.bytes).toBeLessThan(MAX_SESSION_BYTES);
        if (session.bytes > MAX_SESSION_BYTES) continue;
        expect(session.columns["username"]).toBe(i % 2 === 0 ? "ada" : "bob");
        expect(session.columns["user_agent"]).toBe("u".repeat(userAgent));
        expect(attributesOf(session)).toEqual(
          new Map(
            values.map((length, place) => [
              `k${place + 1}`,
              String.fromCodePoint(97 + (i % 26)).repeat(length),
            ]),
          ),
        );
      }
    }),
    { numRuns: 40, seed },
  );
});
