import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { beforeAll, describe, expect, it } from "vitest";
import type { House } from "../src/e2e/house.js";
import { closeLater, moveStore, openStaffedHouse, startZonedPostgres } from "./store-fixture.js";

// Of Flask's process and of our programs; never the server's zone.
process.env["TZ"] = "Pacific/Auckland";

const SESSIONS = 40;
const THIRTY_DAYS = 30 * 86_400_000;
const INSTALL_MS = 90_000;

const golden = (file: string) => fileURLToPath(new URL(`../golden/${file}`, import.meta.url));

interface Written {
  /** The session's id, without the prefix. */
  readonly cookie: string;
  readonly expected: unknown;
}

type Python = (script: readonly string[], house: House, input?: unknown) => Promise<unknown>;

/** Python with the libraries in a folder of their own; throws where there is no Python, pip or registry. */
async function installPython(): Promise<Python> {
  const folder = await mkdtemp(join(tmpdir(), "rehome-flask-"));
  closeLater(() => rm(folder, { recursive: true }));
  const pip = [
    "-m",
    "pip",
    "install",
    "--target",
    folder,
    "--requirement",
    golden("requirements.txt"),
  ];
  // The list is complete, and nothing is to be built.
  const quick = [
    "--no-deps",
    "--only-binary",
    ":all:",
    "--no-compile",
    "--retries",
    "1",
    "--quiet",
  ];
  await execa("python3", [...pip, ...quick], { timeout: INSTALL_MS, killSignal: "SIGKILL" });
  return async (script, house, input = []) => {
    const { stdout } = await execa("python3", [golden("flask_live.py"), ...script], {
      env: { ...house.urls, PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: "1" },
      input: JSON.stringify(input),
    });
    return JSON.parse(stdout) as unknown;
  };
}

describe("a session written by Flask-Session's SQLAlchemy store", () => {
  let python: Python | null = null;
  let house: House;

  beforeAll(async () => {
    try {
      python = await installPython();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      console.warn(
        `SKIPPED: Flask-Session was not tried, since it could not be installed:\n${why}`,
      );
      return;
    }
    house = await openStaffedHouse(await startZonedPostgres("Asia/Kolkata"));
  }, INSTALL_MS + 60_000);

  it("is read by its Redis store after a run, with the same cookie and data, until its row expires", async (test) => {
    if (python === null) return test.skip("Flask-Session could not be installed");
    const begun = Date.now();
    const written = (await python(["write", String(SESSIONS)], house)) as Written[];
    const done = Date.now();
    expect(written).toHaveLength(SESSIONS);
    await house.source.query(
      `INSERT INTO sessions (session_id, data, expiry)
       SELECT 'session:expired', data, now() AT TIME ZONE 'UTC' - interval '1 minute' FROM sessions LIMIT 1`,
    );

    const { status, verification } = await moveStore(house, "flask-session");
    expect(status.sessions).toMatchObject({ migrated: SESSIONS, expired: 1, rejected: 0 });
    expect(verification).toMatchObject({ matched: SESSIONS, mismatched: 0, missing: 0, ok: true });
    for (const { cookie } of written) {
      const expiresAt = await house.target.pexpiretime(`session:${cookie}`);
      expect(expiresAt).toBeGreaterThanOrEqual(begun + THIRTY_DAYS);
      expect(expiresAt).toBeLessThanOrEqual(done + THIRTY_DAYS);
    }

    const gone = { cookie: "expired", expected: { _permanent: true } };
    const read = await python(["read"], house, [...written, gone]);
    expect(read).toEqual(
      [...written, gone].map(({ cookie, expected }) => ({ cookie, ok: true, read: expected })),
    );
  });
});
