import { RehomeError } from "@rehome/core";
import type { Target, TargetMemory } from "@rehome/target";

/** What the target said of its memory, or why it said nothing. */
export type GaugeReading = TargetMemory | { readonly unknown: string };

/** Reads the target's memory, where the dashboard was given a target at all. Never rejects. */
export function makeTargetGauge(target: Target | null): () => Promise<GaugeReading> {
  return async () => {
    if (target === null) return { unknown: "the dashboard was started without TARGET_URL" };
    try {
      return await target.memory();
    } catch (error) {
      return { unknown: error instanceof RehomeError ? error.message : "unexpected error" };
    }
  };
}
