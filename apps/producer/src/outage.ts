import { setTimeout as sleep } from "node:timers/promises";
import { RehomeError } from "@rehome/core";
import { note } from "./output.js";

const AGAIN_MS = 1_000;

/**
 * Does `work` again for as long as a server is away, and says what it waits for. Any other error, and the
 * signal, end it.
 */
export async function throughOutages<T>(
  work: () => Promise<T>,
  options: { signal?: AbortSignal | undefined; onAway?: (reason: string) => Promise<void> } = {},
): Promise<T> {
  let said = "";
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof RehomeError && error.unavailable)) throw error;
      const reason = `waiting: ${error.message}`;
      if (reason !== said) note(reason);
      said = reason;
      await options.onAway?.(reason).catch(() => undefined);
      if (options.signal?.aborted === true) throw error;
      await sleep(AGAIN_MS, undefined, { signal: options.signal }).catch(() => undefined);
    }
  }
}
