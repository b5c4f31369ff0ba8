import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Config, readConfig } from "../src/config.js";

beforeEach(() => {
  vi.stubEnv("QUEUE_URL", "redis://127.0.0.1");
  for (const name of ["HOST", "PORT", "PUBLISHED_ON"])
    vi.stubEnv(`REHOME_DASHBOARD_${name}`, undefined);
});

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

async function read(...flags: string[]): Promise<Config> {
  return await readConfig(["node", "rehome-dashboard", ...flags]);
}

describe("where the dashboard listens", () => {
  it("is loopback, unless told otherwise", async () => {
    expect(await read()).toMatchObject({ host: "127.0.0.1", port: 3000 });
    for (const host of ["127.0.0.2", "::1", "localhost"])
      expect(await read("--host", host)).toMatchObject({ host });
  });

  it("is nothing but loopback, since it has no logins", async () => {
    for (const host of ["0.0.0.0", "::", "192.0.2.1", "localhost.example.com", "127.0.0.1.example"])
      await expect(read("--host", host)).rejects.toThrow(/is not a loopback address/);
    vi.stubEnv("REHOME_DASHBOARD_HOST", "0.0.0.0");
    await expect(read()).rejects.toThrow(/is not a loopback address/);
  });

  it("is any address once told that the port is published on loopback only", async () => {
    expect(await read("--host", "0.0.0.0", "--published-on", "loopback")).toMatchObject({
      host: "0.0.0.0",
    });
    vi.stubEnv("REHOME_DASHBOARD_HOST", "0.0.0.0");
    vi.stubEnv("REHOME_DASHBOARD_PUBLISHED_ON", "loopback");
    expect(await read()).toMatchObject({ host: "0.0.0.0" });
  });

  it("is never widened by telling it that alone", async () => {
    expect(await read("--published-on", "loopback")).toMatchObject({ host: "127.0.0.1" });
  });

  it("takes no other word for it", async () => {
    vi.spyOn(process.stderr, "write").mockReturnValue(true);
    vi.spyOn(process, "exit").mockImplementation((code) => {
      throw new Error(`exit ${code}`);
    });
    for (const word of ["", "true", "false", "0.0.0.0", "LOOPBACK"]) {
      vi.stubEnv("REHOME_DASHBOARD_PUBLISHED_ON", word);
      await expect(read("--host", "0.0.0.0"), word).rejects.toThrow("exit 2");
    }
  });
});
