import type { Socket } from "node:net";

/**
 * Calls `onTimeout` once nothing has passed either way for so long (ms) while an answer is due. Silence counts, not
 * length: a session of many megabytes takes longer over a slow link than any answer may. Node looks at what of a write
 * is still unsent, so one that advances is no silence.
 */
export function watchForInactivity(
  socket: Socket,
  timeoutMs: number,
  isAnswerDue: () => boolean,
  onTimeout: () => void,
): void {
  socket.setTimeout(timeoutMs);
  // An idle connection times out as well; the next write begins to count anew.
  socket.on("timeout", () => {
    if (isAnswerDue()) onTimeout();
  });
}

export function timedOut(): Error {
  return Object.assign(new Error("timed out"), { code: "ETIMEDOUT" });
}
