import { describe, expect, it } from "vitest";
import { databaseOf, storeOf } from "./source-fixture.js";

/** Sessions of two hours, written by an application in this zone. */
const written = (zone: string) => `
  CREATE TABLE login (id text PRIMARY KEY, used timestamp, until timestamp, used_at bigint);
  INSERT INTO login
  SELECT i, t - interval '1 minute', t + interval '2 hours', extract(epoch FROM now())::bigint
    FROM generate_series(1, 100) i, LATERAL (SELECT now() AT TIME ZONE '${zone}') AS n (t)`;

async function warningsOf(statements: string, store: Parameters<typeof storeOf>[0]) {
  const { source } = await databaseOf(statements);
  return (await source.inspect(storeOf(store))).warnings;
}

const sessions = {
  table: "login",
  id: "id",
  expires: "until",
  recency: "used",
  fields: { used: "used" },
};

describe("the preflight warns", () => {
  it("of nothing where times are read as they were written", async () => {
    for (const zone of ["UTC", "Asia/Tokyo", "America/New_York"])
      expect(await warningsOf(written(zone), { sessions, zone }), zone).toEqual([]);
  });

  it("of sessions that were used in the future, where the zone lies too far west", async () => {
    expect(await warningsOf(written("UTC"), { sessions, zone: "America/New_York" })).toEqual([
      "100 of the 100 sessions looked at were last used in the server's future: check that times without a zone are meant as America/New_York (store.zone)",
    ]);
  });

  it("of sessions that have expired, where it lies too far east", async () => {
    expect(await warningsOf(written("UTC"), { sessions, zone: "Asia/Tokyo" })).toEqual([
      "100 of the 100 sessions looked at have expired: check that times without a zone are meant as Asia/Tokyo (store.zone)",
    ]);
  });

  it("of expiries in another unit, and of a last use that is a number", async () => {
    const late = { column: "used_at", as: "epoch-seconds" } as const;
    const { used: _, ...rest } = { ...sessions, used: null };
    const plain = { ...rest, recency: null, fields: { id: "id" } };
    expect(
      await warningsOf(`${written("UTC")}; UPDATE login SET used_at = used_at * 1000`, {
        sessions: { ...plain, expires: late },
      }),
    ).toEqual([expect.stringMatching(/^100 of .* expire in more than 10 years: /)]);
    const sliding = { ...plain, expires: { ...late, plusSeconds: 7_200 } };
    expect(await warningsOf(written("UTC"), { sessions: sliding })).toEqual([]);
    expect(
      await warningsOf(
        `${written("UTC")}; UPDATE login SET used_at = used_at + 3600 WHERE id = '7'`,
        {
          sessions: sliding,
        },
      ),
    ).toEqual([expect.stringMatching(/^1 of the 100 .* last used in the server's future: /)]);
  });

  it("of nothing where there are no sessions or times are none", async () => {
    expect(await warningsOf(`${written("UTC")}; DELETE FROM login`, { sessions })).toEqual([]);
    const odd = `${written("UTC")}; UPDATE login SET until = CASE WHEN id::int % 2 = 0 THEN NULL ELSE 'infinity'::timestamp END, used = NULL`;
    await expect(warningsOf(odd, { sessions })).resolves.toHaveLength(1);
  });
});
