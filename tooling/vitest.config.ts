import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    globalSetup: "test/global-setup.ts",
    testTimeout: 180_000,
    hookTimeout: 120_000,
    pool: "forks",
    // They wait for servers as much as they work.
    maxWorkers: 3,
  },
});
