import { describe, expect, test } from "vitest";
import { type CatalogueTable, detectStores, PRESETS, storeSchema } from "../src/index.js";
import { table } from "./catalogue-fixture.js";

const TIME = "timestamp without time zone";
const TIMETZ = "timestamp with time zone";

const REFERENCE = [
  table(
    "user_sessions",
    `session_id varchar!, user_id integer, ip_address varchar, user_agent text, created_at ${TIME}, expires_at ${TIME}, last_activity_at ${TIME}`,
  ),
  table("users", "user_id integer!, username varchar!, email varchar!, password_hash varchar"),
  table(
    "user_preferences",
    "user_id integer!, theme varchar, language varchar, notifications_enabled boolean",
  ),
  table("session_data", "session_id varchar, attribute_key varchar, attribute_value text"),
];

const SPRING = [
  table(
    "spring_session",
    "primary_id varchar!, session_id varchar!, creation_time bigint, last_access_time bigint, max_inactive_interval integer, expiry_time bigint, principal_name varchar",
  ),
  table(
    "spring_session_attributes",
    "session_primary_id varchar, attribute_name varchar, attribute_bytes bytea",
  ),
];

/** As each framework creates them. */
const TABLES: Readonly<Record<string, readonly CatalogueTable[]>> = {
  reference: REFERENCE,
  "connect-pg-simple": [table("session", `sid varchar!, sess json, expire ${TIME}`)],
  "express-mysql-session": [table("sessions", "session_id varchar!, expires integer, data text")],
  "connect-session-knex": [table("sessions", `sid varchar!, sess json, expired ${TIMETZ}`)],
  "connect-session-sequelize": [
    table(
      "Sessions",
      `sid varchar!, expires ${TIMETZ}, data text, createdAt ${TIMETZ}, updatedAt ${TIMETZ}`,
    ),
  ],
  scs: [table("sessions", `token text!, data bytea, expiry ${TIMETZ}`)],
  "flask-session": [
    table("sessions", `id integer!, session_id varchar!, data bytea, expiry ${TIME}`),
  ],
  laravel: [
    table(
      "sessions",
      "id varchar!, user_id bigint, ip_address varchar, user_agent text, payload text, last_activity integer",
    ),
  ],
  symfony: [
    table(
      "sessions",
      "sess_id varchar!, sess_data bytea, sess_lifetime integer, sess_time integer",
    ),
  ],
  "spring-session": SPRING,
};

function found(catalogue: readonly CatalogueTable[]): [string, string][] {
  return detectStores(catalogue).map(({ preset, table: name }) => [preset.name, name]);
}

describe("detection", () => {
  test.each(PRESETS.map(({ name }) => name))(
    "finds %s, and nothing else, in its tables",
    (name) => {
      const catalogue = [table("orders", "id integer!, total integer"), ...(TABLES[name] ?? [])];
      expect(found(catalogue)).toEqual([[name, TABLES[name]?.[0]?.table]]);
    },
  );

  test("finds nothing where a column is missing, is of another kind, or a table next to it is", () => {
    expect(found([table("session", `sid varchar!, sess json, expires ${TIME}`)])).toEqual([]);
    expect(found([table("session", "sid varchar!, sess json, expire bigint")])).toEqual([]);
    expect(found([table("session", `sid integer!, sess json, expire ${TIME}`)])).toEqual([]);
    expect(found([table("sessions", `token text!, data text, expiry ${TIMETZ}`)])).toEqual([]);
    expect(found(SPRING.slice(0, 1))).toEqual([]);
    expect(found(REFERENCE.slice(0, 3))).toEqual([]);
    expect(found([])).toEqual([]);
  });

  test("puts the preset's own table name first, and tells the others too", () => {
    const columns = `sid varchar!, sess json, expire ${TIME}`;
    expect(
      found([table("old_session", columns), table("admin", columns), table("session", columns)]),
    ).toEqual([
      ["connect-pg-simple", "session"],
      ["connect-pg-simple", "old_session"],
      ["connect-pg-simple", "admin"],
    ]);
  });

  test("gives a table that fits several to the one that reads most of its columns", () => {
    const both = table(
      "sessions",
      "sess_id varchar!, sess_data bytea, sess_lifetime integer, sess_time integer, session_id varchar, expires integer, data text",
    );
    expect(found([both])).toEqual([["symfony", "sessions"]]);
  });

  test("prefers, of two tables alike, the one whose ids a constraint keeps apart", () => {
    const columns = `sess json, expire ${TIME}`;
    expect(
      found([table("live", `sid varchar, ${columns}`), table("web", `sid varchar!, ${columns}`)]),
    ).toEqual([
      ["connect-pg-simple", "web"],
      ["connect-pg-simple", "live"],
    ]);
  });

  test("names the schema where the name alone would not do, also for a table next to it", () => {
    const [sessions, ...others] = REFERENCE as [CatalogueTable, ...CatalogueTable[]];
    expect(found([{ ...sessions, schema: "app", needsSchema: true }, ...others])).toEqual([]);
    const app = REFERENCE.map((one) => ({ ...one, schema: "app" }));
    expect(found(app)).toEqual([["reference", "user_sessions"]]);
    expect(found(app.map((one) => ({ ...one, needsSchema: one.table === "users" })))).toEqual([
      ["reference", "app.user_sessions"],
    ]);
  });

  test("finds tables whose names hold a dot or a quote, and writes a name that is read back", () => {
    const [sessions, attributes] = SPRING as [CatalogueTable, CatalogueTable];
    const odd = [
      { ...sessions, schema: "a.b", table: 'we.ird "s"', needsSchema: true },
      { ...attributes, schema: "a.b", table: 'we.ird "s"_attributes', needsSchema: true },
    ];
    const [spring] = detectStores(odd);
    expect(spring?.table).toBe('"a.b"."we.ird ""s"""');
    const { attributes: read } = storeSchema.parse(
      spring?.preset.describe({
        table: spring.table,
        keyPrefix: "s:",
        lifetimeSeconds: 1,
        zone: "UTC",
      }),
    );
    expect(read?.table).toBe('"a.b"."we.ird ""s""_attributes"');
  });

  test("tells what the sessions become, whatever the operator has yet to say", () => {
    const types = PRESETS.map(({ name }) =>
      detectStores(TABLES[name] ?? []).map(({ type }) => type),
    );
    expect(PRESETS.flatMap(({ name }, i) => (types[i]?.[0] === "hash" ? [name] : []))).toEqual([
      "reference",
      "spring-session",
    ]);
    expect(types.every((found) => found.length === 1)).toBe(true);
  });

  test("tells which times have no zone", () => {
    const zoneless = (name: string) =>
      detectStores(TABLES[name] ?? []).flatMap((store) => store.zoneless);
    expect(zoneless("connect-pg-simple")).toEqual(["expire"]);
    expect(zoneless("connect-session-knex")).toEqual([]);
    expect(zoneless("laravel")).toEqual([]);
    expect(zoneless("reference")).toEqual(["expires_at", "last_activity_at", "created_at"]);
  });
});
