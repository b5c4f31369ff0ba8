import fc from "fast-check";
import { expect, test } from "vitest";
import { count, OUTCOMES, zeroCounts } from "../src/index.js";
import { seed } from "./seed.js";

test("read is always migrated, kept, expired and rejected together", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...OUTCOMES)), (outcomes) => {
      const counts = zeroCounts();
      for (const outcome of outcomes) count(counts, outcome);
      expect(counts.read).toBe(outcomes.length);
      expect(counts.migrated + counts.kept + counts.expired + counts.rejected).toBe(counts.read);
      for (const outcome of OUTCOMES)
        expect(counts[outcome]).toBe(outcomes.filter((each) => each === outcome).length);
    }),
    { seed },
  );
});
