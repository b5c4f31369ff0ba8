import { afterEach, expect, it, vi } from "vitest";
import { readConfig } from "../src/config.js";

afterEach(() => vi.unstubAllEnvs());

it("two workers of one host name and process number, as in containers, have names of their own", async () => {
  for (const name of ["SOURCE_URL", "TARGET_URL", "QUEUE_URL"])
    vi.stubEnv(name, name === "SOURCE_URL" ? "postgres://host/app" : "redis://host");
  const names = new Set<string>();
  for (let i = 0; i < 3; i += 1) names.add((await readConfig(["node", "rehome-worker"])).name);
  expect(names.size).toBe(3);
  for (const name of names) expect(name).toContain(`-${process.pid}-`);
});
