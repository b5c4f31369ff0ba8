import { readdirSync, readFileSync } from "node:fs";

/** Clock ticks a second in /proc, on every Linux there is. */
const TICKS = 100;

/** Seconds of processor time a process has used, with what its ended children had; null where it cannot be told. */
export function processorSeconds(pid: number): number | null {
  const ticks = processorTicks(pid);
  return ticks === null ? null : ticks / TICKS;
}

/** The same with all children that still run, such as a PostgreSQL's. */
export function familySeconds(parent: number): number | null {
  for (;;) {
    const own = processorTicks(parent);
    if (own === null) return null;
    const children = childrenOf(parent).map((pid) => processorTicks(pid) ?? 0);
    // A child that has ended meanwhile is in neither.
    if (processorTicks(parent) === own)
      return children.reduce((sum, ticks) => sum + ticks, own) / TICKS;
  }
}

export function childrenOf(parent: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && statOf(Number(name))?.[1] === String(parent))
    .map(Number);
}

/** The most memory a process has held, in bytes. */
export function peakBytes(pid: number): number | null {
  try {
    const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return kilobytes === undefined ? null : Number(kilobytes) * 1024;
  } catch {
    return null;
  }
}

/** Whole ones, whose sums are exact. */
function processorTicks(pid: number): number | null {
  const fields = statOf(pid);
  return fields === null
    ? null
    : fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0);
}

/** The fields of /proc/PID/stat from the state on. */
function statOf(pid: number): string[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return null;
  }
}
