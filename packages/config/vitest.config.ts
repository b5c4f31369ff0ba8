import { defineConfig } from "vitest/config";

// Thousands of cases a test: their time is the machine's, and no guarantee of ours.
export default defineConfig({ test: { testTimeout: 60_000 } });
