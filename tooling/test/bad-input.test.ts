import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { type House, openHouse } from "../src/e2e/house.js";
import { addManySessions } from "../src/e2e/sessions.js";
import { FURNISHED } from "./furnished-database.js";
import { bareHouse, furnishedHouse, type Status } from "./house-fixture.js";

/** For all that is refused before anything is changed. */
let house: House;

beforeAll(async () => {
  house = await openHouse(inject("postgresUrl"), { database: { template: FURNISHED } });
});

afterAll(async () => {
  await house.close();
});

/** One line on stderr, without any password, and nothing written. */
async function expectRefusal(
  house: House,
  args: readonly string[],
  expected: { code: 1 | 2; says: RegExp; environment?: Record<string, string> },
): Promise<void> {
  const { code, stdout, stderr } = await house.rehome(args, expected.environment);
  const errors = stderr.split("\n").filter((line) => line !== "" && !line.startsWith("warning:"));
  expect(errors, stderr).toHaveLength(1);
  expect(errors[0]).toMatch(expected.says);
  expect(code, stderr).toBe(expected.code);
  expect(stdout).toBe("");
  for (const url of [...Object.values(house.urls), ...Object.values(expected.environment ?? {})]) {
    const { password } = URL.canParse(url) ? new URL(url) : { password: "" };
    if (password !== "") expect(stderr).not.toContain(password);
  }
  expect(await house.queue.keys("{rehome}:run*")).toEqual([]);
  expect(await house.target.dbsize()).toBe(0);
}

function changed(url: string | undefined, change: (url: URL) => void): string {
  const copy = new URL(url ?? "");
  change(copy);
  return copy.href;
}

describe("rehome start refuses, in one line and leaving nothing behind,", () => {
  it("a missing or malformed URL", async () => {
    for (const name of ["SOURCE_URL", "TARGET_URL", "QUEUE_URL"]) {
      for (const value of ["", "not a url", "http://user:canary-pw@host/", "redis//x"]) {
        await expectRefusal(house, ["start"], {
          code: 2,
          says: new RegExp(
            `${name}.*${value === "" ? "is not set.*example" : "is not a URL.*should look like"}`,
          ),
          environment: { [name]: value },
        });
      }
    }
  });

  it("a server that cannot be reached", async () => {
    for (const [name, url] of Object.entries(house.urls)) {
      const side = name.split("_")[0]?.toLowerCase() ?? "";
      await expectRefusal(house, ["start"], {
        code: 1,
        says: new RegExp(`${side}: nothing listens there \\(ECONNREFUSED\\).*Check`),
        environment: { [name]: changed(url, (copy) => (copy.port = "1")) },
      });
    }
  });

  it("wrong credentials", async () => {
    for (const [name, url] of Object.entries(house.urls)) {
      await expectRefusal(house, ["start"], {
        code: 1,
        says: /refused the user or the password/,
        environment: { [name]: changed(url, (copy) => (copy.password = "canary-password")) },
      });
    }
  });

  it("an unknown database", async () => {
    await expectRefusal(house, ["start"], {
      code: 1,
      says: /no such database/,
      environment: {
        SOURCE_URL: changed(house.urls["SOURCE_URL"], (copy) => (copy.pathname = "/nowhere")),
      },
    });
  });

  it("a missing table", async () => {
    await expectRefusal(await bareHouse(), ["start"], {
      code: 2,
      says: /table user_sessions is missing \(store\.table\)/,
    });
    const house = await furnishedHouse();
    await house.source.query("DROP TABLE user_preferences");
    await expectRefusal(house, ["start"], {
      code: 2,
      says: /table user_preferences is missing \(store\)/,
    });
  });

  it("a missing column", async () => {
    const house = await furnishedHouse();
    await house.source.query("ALTER TABLE user_sessions DROP COLUMN expires_at");
    await expectRefusal(house, ["start"], {
      code: 2,
      says: /user_sessions\.expires_at is missing/,
    });
  });

  it("an unknown option, and says which may have been meant", async () => {
    await expectRefusal(house, ["start", "--chunk-sise", "5"], {
      code: 2,
      says: /--chunk-sise.*--chunk-size/,
    });
    await expectRefusal(house, ["strat"], { code: 2, says: /strat.*start/ });
    await expectRefusal(house, ["start", "--on-conflict", "older"], {
      code: 2,
      says: /newer.*replace.*keep/,
    });
  });

  it("a chunk size of 0 or that is no number", async () => {
    for (const size of ["0", "-5", "many", "1.5", "1e3", ""]) {
      await expectRefusal(house, ["start", "--chunk-size", size], {
        code: 2,
        says: /chunk-size.*whole number from 1/,
      });
    }
  });

  it("a queue Redis that evicts", async () => {
    const house = await furnishedHouse({ queueArgs: ["--maxmemory-policy", "allkeys-lru"] });
    await expectRefusal(house, ["start"], {
      code: 2,
      says: /maxmemory-policy is allkeys-lru.*CONFIG SET/,
    });
  });

  it("a second run while one is active, whoever is first", async () => {
    const house = await furnishedHouse();
    await addManySessions(house.source, 10);
    const attempts = await Promise.all([1, 2, 3].map(() => house.rehome(["start"])));
    expect(attempts.map(({ code }) => code).toSorted((a, b) => a - b)).toEqual([0, 1, 1]);
    for (const { stderr } of attempts.filter(({ code }) => code === 1)) {
      expect(stderr).toMatch(/run \S+ has not ended\. Watch it with: rehome status/);
    }
    expect((await house.rehomeJson<Status[]>(["runs"])).length).toBe(1);
    // The refused ones took their markers away again.
    expect(await house.target.dbsize()).toBe(1);
  });
});

describe("rehome", () => {
  it("refuses an unknown run", async () => {
    for (const verb of ["status", "rejects", "verify"]) {
      await expectRefusal(house, [verb], { code: 1, says: /there is no run yet.*rehome start/ });
      await expectRefusal(house, [verb, "20260101-000000-aaaa"], {
        code: 1,
        says: /there is no run 2026.*rehome runs/,
      });
      await expectRefusal(house, [verb, "anything"], { code: 1, says: /rehome runs/ });
    }
    expect(await house.rehomeJson(["runs"])).toEqual([]);
  });

  it("refuses to seed tables that are not its own", async () => {
    const house = await bareHouse();
    await house.source.query("CREATE TABLE users (user_id int PRIMARY KEY)");
    await expectRefusal(house, ["seed", "--users", "1", "--sessions", "1"], {
      code: 1,
      says: /users/,
    });
    await expectRefusal(house, ["seed", "--users", "1", "--sessions", "1", "--reset"], {
      code: 1,
      says: /users/,
    });
    const { rows } = await house.source.query(
      "SELECT count(*)::int AS tables FROM pg_tables WHERE schemaname = 'public'",
    );
    expect(rows[0]).toEqual({ tables: 1 });
  });

  it("says what it can do", async () => {
    const { code, stdout } = await house.rehome(["--help"]);
    expect(code).toBe(0);
    for (const verb of ["seed", "start", "status", "runs", "verify", "rejects"])
      expect(stdout).toContain(verb);
  });
});

describe("a worker", () => {
  it("refuses what it cannot work with, in one line", async () => {
    for (const [environment, says] of [
      [{ SOURCE_URL: "" }, /SOURCE_URL is not set/],
      [
        { TARGET_URL: changed(house.urls["TARGET_URL"], (url) => (url.port = "1")) },
        /nothing listens there/,
      ],
      [{ REHOME_CONCURRENCY: "0" }, /whole number from 1 to 64/],
    ] as const) {
      await expect(house.startWorker({ environment })).rejects.toThrow(says);
    }
  });
});
