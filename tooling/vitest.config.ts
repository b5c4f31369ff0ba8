import { basename } from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** What takes longest begins first, so that nothing of it is left to run alone at the end. */
const LONG = [
  "fault-kill",
  "bench",
  "control",
  "fault-target",
  "fault-queue",
  "dashboard-page",
  "fault-source",
  "bad-input",
  "recovery",
  "command-line",
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const at = LONG.indexOf(basename(moduleId, ".test.ts"));
      return at === -1 ? LONG.length : at;
    };
    return (await super.sort(files)).toSorted((one, other) => place(one) - place(other));
  }
}

export default defineConfig({
  test: {
    globalSetup: "test/global-setup.ts",
    testTimeout: 180_000,
    hookTimeout: 120_000,
    pool: "forks",
    // They wait for servers as much as they work.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
  },
});
