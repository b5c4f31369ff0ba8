import { describe, expect, test } from "vitest";
import {
  columnsOf,
  defaultStore,
  type Preset,
  PRESETS,
  presetStore,
  tablesOf,
} from "../src/index.js";

function preset(name: string): Preset {
  const found = PRESETS.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no preset ${name}`);
  return found;
}

/** What each writes, and from which columns of the sessions' table. */
const EXPECTED: Record<string, [prefix: string, value: string, columns: string]> = {
  reference: [
    "session:",
    "hash",
    "session_id, expires_at, last_activity_at, user_id, ip_address, user_agent, created_at",
  ],
  "connect-pg-simple": ["sess:", "sess as text", "sid, expire, sess"],
  "express-mysql-session": ["sess:", "data as text", "session_id, expires, data"],
  "connect-session-knex": ["sess:", "sess as text", "sid, expired, sess"],
  "connect-session-sequelize": ["sess:", "data as text", "sid, expires, data"],
  scs: ["scs:session:", "data as bytes", "token, expiry, data"],
  "flask-session": ["session:", "data as bytes", "session_id, expiry, data"],
  laravel: [
    "laravel_database_laravel_cache:",
    "payload as base64, php-string",
    "id, last_activity, payload",
  ],
  symfony: ["sf_s", "sess_data as bytes", "sess_id, sess_lifetime, sess_time, sess_data"],
  "spring-session": [
    "spring:session:sessions:",
    "hash",
    "session_id, expiry_time, primary_id, creation_time, last_access_time, max_inactive_interval",
  ],
};

describe("the presets", () => {
  test("are the contract's, the reference first", () => {
    expect(PRESETS.map(({ name }) => name).toSorted()).toStrictEqual(
      Object.keys(EXPECTED).toSorted(),
    );
    expect(PRESETS[0]?.name).toBe("reference");
    expect(defaultStore).toStrictEqual(presetStore(preset("reference")));
  });

  test.each(Object.entries(EXPECTED))("write what the frameworks read: %s", (name, expected) => {
    const store = presetStore(preset(name), { lifetimeSeconds: 60 });
    const { value } = store;
    const form =
      value.form === "string" ? `${value.string} as ${value.codec.join(", ")}` : value.form;
    const columns = columnsOf(store).filter(({ table }) => table === 0);
    expect([store.keyPrefix, form, columns.map((column) => column.name).join(", ")]).toStrictEqual(
      expected,
    );
  });

  test("take each of their options, and need those alone that have no default", () => {
    const given = { table: "a.b", keyPrefix: "p:", lifetimeSeconds: 77, zone: "Europe/Berlin" };
    for (const one of PRESETS) {
      const options = [...Object.keys(one.defaults), ...one.needs];
      expect(options, one.name).toContain("table");
      expect(options, one.name).toContain("keyPrefix");
      const store = presetStore(one, given);
      expect(store.sessions.table).toBe("a.b");
      expect(store.keyPrefix).toBe("p:");
      if (options.includes("zone")) expect(store.zone).toBe("Europe/Berlin");
      const taken = store.sessions.expires.plusSeconds === 77;
      expect(taken, one.name).toBe(options.includes("lifetimeSeconds"));
    }
  });

  test("are no store while the operator has not told what the source cannot", () => {
    expect(() => presetStore(preset("laravel"))).toThrow(TypeError);
    expect(() => presetStore(preset("laravel"), { lifetimeSeconds: 60 })).not.toThrow();
  });

  test("say how each option is found that has no default", () => {
    for (const { needs, traps } of PRESETS)
      for (const option of needs) expect(traps.join()).toContain(`\`${option}\``);
  });

  test("tell what is known of them in whole sentences", () => {
    for (const { name, traps, source, target, readIn } of PRESETS) {
      for (const trap of traps) expect(trap, name).toMatch(/^[A-Z`].*[.]$/s);
      for (const text of [source, target, readIn]) expect(text).not.toBe("");
    }
  });
});

describe("the other tables of a preset are next to the first", () => {
  const tables = (name: string, table: string) =>
    tablesOf(presetStore(preset(name), { table })).map((one) => one.table);

  test("in its schema", () => {
    expect(tables("reference", "auth.user_sessions")).toStrictEqual([
      "auth.user_sessions",
      "auth.users",
      "auth.user_preferences",
      "auth.session_data",
    ]);
    expect(tables("reference", '"we.ird".s')).toStrictEqual([
      '"we.ird".s',
      '"we.ird".users',
      '"we.ird".user_preferences',
      '"we.ird".session_data',
    ]);
  });

  test("under its name where theirs is made of it", () => {
    expect(tables("spring-session", "app.spring_session")[1]).toBe("app.spring_session_attributes");
    expect(tables("spring-session", "SPRING_SESSION")[1]).toBe("SPRING_SESSION_ATTRIBUTES");
    expect(tables("spring-session", '"a.b"')[1]).toBe('"a.b_attributes"');
  });
});
