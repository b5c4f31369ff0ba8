import type { Status } from "@rehome/core";

/** 0: done; 1: failed or cancelled; 3: done, but something was rejected. */
export function exitCodeOf(status: Status): 0 | 1 | 3 {
  if (status.phase !== "completed") return 1;
  return status.sessions.rejected > 0 ? 3 : 0;
}
