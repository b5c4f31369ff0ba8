import type { Connection } from "./connection.js";
import { readInfo } from "./inspect.js";

/** Bytes; null where INFO is not allowed. */
export interface TargetMemory {
  readonly usedBytes: number | null;
  /** null also where there is no limit. */
  readonly maxBytes: number | null;
  /** `host:port/db`, and the server process's own id ('' if it may not be read). */
  readonly address: string;
  readonly runId: string;
}

export async function readMemory(connection: Connection): Promise<TargetMemory> {
  const info = await readInfo(connection);
  const number = (name: string) => (info.has(name) ? Number(info.get(name)) : null);
  return {
    usedBytes: number("used_memory"),
    maxBytes: number("maxmemory") || null,
    address: connection.address,
    runId: info.get("run_id") ?? "",
  };
}
