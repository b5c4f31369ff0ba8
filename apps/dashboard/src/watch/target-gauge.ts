import { setTimeout as sleep } from "node:timers/promises";
import { RehomeError } from "@rehome/core";
import type { Target, TargetMemory } from "@rehome/target";

/** What the target said of its memory, or why it said nothing. */
export type GaugeReading = TargetMemory | { readonly unknown: string };

/** How long a look waits for the target; the last known reading is shown until it answers. */
const PATIENCE_MS = 500;

/** Reads the target's memory, where the dashboard was given a target at all. Never rejects. */
export function makeTargetGauge(target: Target | null): () => Promise<GaugeReading> {
  if (target === null)
    return async () => ({ unknown: "the dashboard was started without TARGET_URL" });
  let latest: GaugeReading = { unknown: "the target has not answered yet" };
  let asking: Promise<void> | null = null;
  return async () => {
    asking ??= ask(target).then((reading) => {
      latest = reading;
      asking = null;
    });
    await Promise.race([asking, sleep(PATIENCE_MS)]);
    return latest;
  };
}

async function ask(target: Target): Promise<GaugeReading> {
  try {
    return await target.memory();
  } catch (error) {
    return { unknown: error instanceof RehomeError ? error.message : "unexpected error" };
  }
}
