import { describe, expect, test } from "vitest";
import { guessStores } from "../src/index.js";
import { table } from "./catalogue-fixture.js";

const TIME = "timestamp without time zone";
const TIMETZ = "timestamp with time zone";

const guess = (name: string, columns: string) => guessStores([table(name, columns)])[0];

describe("a guess", () => {
  test("takes one column of data as the value, as text or as bytes", () => {
    expect(
      guess("django_session", `session_key varchar!, session_data text, expire_date ${TIMETZ}`),
    ).toEqual({
      table: "django_session",
      id: "session_key",
      expires: { column: "expire_date", as: "time" },
      lacksLifetime: false,
      recency: null,
      value: { column: "session_data", codec: "text" },
      fields: [],
      omitted: [],
      zoneless: [],
    });
    expect(guess("logins", `token bytea!, payload bytea, valid_until ${TIME}`)).toMatchObject({
      value: { column: "payload", codec: "bytes" },
      zoneless: ["valid_until"],
    });
  });

  test("takes the other columns as fields where none is the value, and names those it leaves out", () => {
    expect(
      guess(
        "auth.login",
        `token uuid!, account bigint, valid_until ${TIMETZ}, last_seen ${TIME}, ip inet, __proto__ text`,
      ),
    ).toEqual({
      table: "auth.login",
      id: "token",
      expires: { column: "valid_until", as: "time" },
      lacksLifetime: false,
      recency: "last_seen",
      value: null,
      fields: ["account", "last_seen"],
      omitted: [expect.objectContaining({ name: "ip", type: "inet" })],
      zoneless: ["last_seen"],
    });
  });

  test("takes the token before the row's number, in names of any case", () => {
    expect(
      guess(
        "Session",
        `id varchar!, sessionToken varchar!, userId varchar, expires ${TIMETZ}, updatedAt ${TIMETZ}`,
      ),
    ).toMatchObject({
      id: "sessionToken",
      recency: "updatedAt",
      fields: ["id", "userId", "updatedAt"],
    });
    expect(guess("session", `id text!, expiresAt ${TIMETZ}, token text!`)?.id).toBe("token");
    expect(guess("web_sessions", `id uuid!, user_id bigint, expires_at ${TIMETZ}`)?.id).toBe("id");
  });

  test("tells seconds from milliseconds by name and type", () => {
    const as = (columns: string) =>
      guess("sessions", `sid text!, body text, ${columns}`)?.expires.as;
    expect(as("expires integer")).toBe("epoch-seconds");
    expect(as("expires bigint")).toBe("epoch-milliseconds");
    expect(as("expires_s bigint")).toBe("epoch-seconds");
    expect(as("expires_ms integer")).toBe("epoch-milliseconds");
    expect(as(`expires bigint, expires_at ${TIMETZ}`)).toBe("time");
  });

  test("takes the last use of a session as its expiry where there is none, a lifetime short of it", () => {
    expect(guess("sessions", `sid text!, user_id integer, last_seen ${TIMETZ}`)).toMatchObject({
      expires: { column: "last_seen", as: "time" },
      lacksLifetime: true,
      recency: "last_seen",
      fields: ["user_id", "last_seen"],
    });
    expect(guess("login", `token text!, last_seen ${TIMETZ}`)).toBeUndefined();
  });

  test("of a view, of which no column is known to be unique, goes by the names", () => {
    expect(guess("live_sessions", `sid uuid, expires_at ${TIMETZ}, ip text`)?.id).toBe("sid");
    expect(guess("sessions", `sid text, other text!, expires_at ${TIMETZ}`)).toBeUndefined();
  });

  test("finds nothing in what only resembles sessions", () => {
    for (const [name, columns] of [
      ["coupons", `id uuid!, valid_until ${TIMETZ}, name text`],
      ["password_resets", `token text!, expires_at ${TIMETZ}`],
      ["refresh_tokens", `token text!, expires_at ${TIMETZ}`],
      ["verification_token", `token text!, expires ${TIMETZ}`],
      ["personal_access_tokens", `token text!, expires_at ${TIMETZ}`],
      ["sessions", "id integer!, starts_at bigint, room text"],
      ["sessions", "sid text!, data text"],
      ["sessions", `sid text!, expires_in integer`],
    ] as const)
      expect(guess(name, columns), name).toBeUndefined();
  });

  test("puts what is called a session first, then what says more", () => {
    const tables = guessStores([
      table("login", `token text!, valid_until ${TIMETZ}, ip text`),
      table("web_session", `id text!, valid_until ${TIMETZ}, ip text`),
      table("user_session", `session_id text!, expires_at ${TIMETZ}, ip text`),
    ]).map((store) => store.table);
    expect(tables).toEqual(["user_session", "web_session", "login"]);
  });
});
