import { setTimeout as sleep } from "node:timers/promises";
import { RehomeError } from "@rehome/core";

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 15_000;

/**
 * What a long-running program does of its start at a server: again, less and less often, for as long as the server is
 * away, and `onAway` hears why each time. What waiting cannot mend, such as a wrong password, is thrown.
 */
export async function reach<T>(
  connect: () => Promise<T>,
  onAway: (error: RehomeError, waitMs: number) => void,
): Promise<T> {
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
    try {
      return await connect();
    } catch (error) {
      if (!(error instanceof RehomeError && error.unavailable)) throw error;
      onAway(error, waitMs);
      await sleep(waitMs);
    }
  }
}
