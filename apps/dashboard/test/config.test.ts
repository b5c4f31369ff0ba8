import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Config, readConfig } from "../src/config.js";

const HASH = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaA";

beforeEach(() => {
  vi.stubEnv("QUEUE_URL", "redis://127.0.0.1");
  for (const name of ["HOST", "PORT", "USERS", "ORIGIN", "PROXIES", "LOGIN_HOURS", "METRICS_TOKEN"])
    vi.stubEnv(`REHOME_DASHBOARD_${name}`, undefined);
  vi.stubEnv("TARGET_URL", undefined);
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
    expect(await read()).toMatchObject({ host: "127.0.0.1", port: 3000, users: [] });
    for (const host of ["127.0.0.2", "::1", "localhost"])
      expect(await read("--host", host)).toMatchObject({ host });
  });

  it("is nothing but loopback without any user", async () => {
    for (const host of ["0.0.0.0", "::", "192.0.2.1", "localhost.example.com", "127.0.0.1.example"])
      await expect(read("--host", host)).rejects.toMatchObject({
        message: `host ${host} is not a loopback address, and no users are configured`,
        hint: expect.stringMatching(/hash-password .*ssh -L/),
      });
    vi.stubEnv("REHOME_DASHBOARD_HOST", "0.0.0.0");
    await expect(read()).rejects.toThrow(/is not a loopback address/);
    vi.stubEnv("REHOME_DASHBOARD_USERS", " ");
    await expect(read()).rejects.toThrow(/is not a loopback address/);
  });

  it("is any address once there are users", async () => {
    vi.stubEnv("REHOME_DASHBOARD_USERS", `ada:operator:${HASH}`);
    expect(await read("--host", "0.0.0.0")).toMatchObject({
      host: "0.0.0.0",
      users: [{ name: "ada", role: "operator" }],
    });
  });
});

describe("the dashboard's configuration", () => {
  it("refuses users that are wrong, and an origin that is none, without quoting a secret", async () => {
    vi.stubEnv("REHOME_DASHBOARD_USERS", "ada:operator:canary");
    await expect(read()).rejects.toMatchObject({ code: "bad-users", exitCode: 2 });
    await expect(read()).rejects.toThrow(/^(?!.*canary)/);
    vi.stubEnv("REHOME_DASHBOARD_USERS", undefined);
    vi.spyOn(process.stderr, "write").mockReturnValue(true);
    vi.spyOn(process, "exit").mockImplementation((code) => {
      throw new Error(`exit ${code}`);
    });
    for (const origin of ["rehome.example", "https://rehome.example/", "ftp://x", "https://a b"])
      await expect(read("--origin", origin), origin).rejects.toThrow("exit 2");
    await expect(read("--origin", "https://rehome.example")).rejects.toMatchObject({
      message: expect.stringMatching(/through a proxy, and no users are configured/),
    });
    vi.stubEnv("REHOME_DASHBOARD_USERS", `ada:operator:${HASH}`);
    expect(await read("--origin", "https://rehome.example")).toMatchObject({
      origin: "https://rehome.example",
    });
  });

  it("believes the proxies of this machine, or those it is given, and refuses what is no address", async () => {
    expect(await read()).toMatchObject({ proxies: "loopback" });
    for (const proxies of ["192.0.2.1", "loopback, 10.0.0.0/8", "uniquelocal,2001:db8::/32"])
      expect(await read("--proxies", proxies)).toMatchObject({ proxies });
    vi.spyOn(process.stderr, "write").mockReturnValue(true);
    vi.spyOn(process, "exit").mockImplementation((code) => {
      throw new Error(`exit ${code}`);
    });
    for (const proxies of ["true", "proxy.example", "10.0.0.0/33", "10.0.0.0/0", "192.0.2.1,"])
      await expect(read("--proxies", proxies), proxies).rejects.toThrow("exit 2");
  });

  it("knows a target only where one is given", async () => {
    expect(await read()).toMatchObject({ targetUrl: null, metricsToken: null });
    vi.stubEnv("TARGET_URL", "redis://target.example");
    expect((await read()).targetUrl?.host).toBe("target.example");
    vi.stubEnv("TARGET_URL", "http://target.example");
    await expect(read()).rejects.toThrow(/TARGET_URL is not a URL/);
  });
});
