import { setTimeout as sleep } from "node:timers/promises";
import { RehomeError } from "@rehome/core";
import { note } from "./output.js";

const AGAIN_MS = 1_000;

/** As many as a chunk has where its error may pass. */
const ATTEMPTS = 10;

/**
 * Repeats `work` for as long as a server is away, and says what it waits for. Where an error may pass, it repeats a few
 * times. Any other error ends it, and so does the signal.
 */
export async function throughOutages<T>(
  work: () => Promise<T>,
  options: { signal?: AbortSignal | undefined; onAway?: (reason: string) => Promise<void> } = {},
): Promise<T> {
  let said = "";
  let attempts = 0;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof RehomeError && error.retryable)) throw error;
      if (!error.unavailable) attempts += 1;
      if (attempts === ATTEMPTS) throw error;
      const reason = `waiting: ${error.message}`;
      if (reason !== said) note(reason);
      said = reason;
      await options.onAway?.(reason).catch(() => undefined);
      if (options.signal?.aborted === true) throw error;
      await sleep(AGAIN_MS, undefined, { signal: options.signal }).catch(() => undefined);
    }
  }
}
