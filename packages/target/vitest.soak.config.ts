import { defineConfig, mergeConfig } from "vitest/config";
import config from "./vitest.config.js";

/** The same property as in every test run, over many more sessions. */
export default mergeConfig(
  config,
  defineConfig({
    test: {
      include: ["test/payload.test.ts"],
      testTimeout: 3_600_000,
      provide: { payloadCases: 100_000 },
    },
  }),
);
