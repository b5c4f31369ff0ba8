import { setTimeout as sleep } from "node:timers/promises";
import { RehomeError } from "@rehome/core";
import { note } from "./output.js";

const AGAIN_MS = 1_000;

/** As often as a chunk is tried that meets something which may pass. */
const ATTEMPTS = 10;

/**
 * Does `work` again for as long as a server is away, and says what it waits for; a few times where it met something
 * that may pass. Any other error, and the signal, end it.
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
