import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { childrenOf } from "../processor-time.js";

/** A cgroup, to whose memory also the page cache of what its processes read and write is charged. */
export interface ControlGroup {
  /** In words for the report. */
  readonly kind: string;
  limitMemory(bytes: number): void;
  /** Takes in a process with its children, and so all that they start from now on. */
  add(pid: number): void;
  /** What its processes have read from the disk; null where that is not counted. */
  bytesRead(): number | null;
  /** Once its processes have ended. */
  remove(): void;
}

const ROOT = "/sys/fs/cgroup";
const V1_MEMORY = join(ROOT, "memory");
const V1_DISK = join(ROOT, "blkio");

/** More than any disk reads in a second. */
const BOUNDLESS = 1e15;

/**
 * Beside all other groups, since what limits this process is no business of the server's. `disk` is its number, such as
 * "8:0", or null where there is none. Throws where this user may not make one, or where there are none.
 */
export function makeControlGroup(disk: string | null): ControlGroup {
  if (existsSync(join(V1_MEMORY, "memory.limit_in_bytes"))) return makeV1(disk);
  if (existsSync(join(ROOT, "cgroup.controllers"))) return makeV2(disk);
  throw new Error("there are no cgroups");
}

/** Memory and disk are hierarchies of their own. */
function makeV1(disk: string | null): ControlGroup {
  const memory = makeFolder(V1_MEMORY);
  const io = makeV1Counter(disk);
  const folders = io === null ? [memory] : [memory, io];
  return {
    kind: "cgroup v1",
    limitMemory: (bytes) => {
      write(memory, "memory.limit_in_bytes", bytes);
      // What does not fit is to be read again, rather than swapped out.
      write(memory, "memory.swappiness", 0);
    },
    add: (pid) => addTo(folders, pid),
    bytesRead: () =>
      io === null
        ? null
        : find(
            join(io, "blkio.throttle.io_service_bytes"),
            new RegExp(`^${disk} Read (\\d+)`, "m"),
          ),
    remove: () => removeAll(folders),
  };
}

/** Null where what is read from this disk cannot be counted. */
function makeV1Counter(disk: string | null): string | null {
  try {
    const io = makeFolder(V1_DISK);
    try {
      // The kernel counts only for a group that has some limit.
      write(io, "blkio.throttle.read_bps_device", `${disk} ${BOUNDLESS}`);
      return io;
    } catch {
      rmdirSync(io);
    }
  } catch {
    // There is no such hierarchy, or this user may not.
  }
  return null;
}

function makeV2(disk: string | null): ControlGroup {
  const folder = makeFolder(ROOT);
  if (!existsSync(join(folder, "memory.max"))) {
    rmdirSync(folder);
    throw new Error("cgroups have no memory controller");
  }
  return {
    kind: "cgroup v2",
    limitMemory: (bytes) => {
      write(folder, "memory.max", bytes);
      if (existsSync(join(folder, "memory.swap.max"))) write(folder, "memory.swap.max", 0);
    },
    add: (pid) => addTo([folder], pid),
    bytesRead: () =>
      disk === null || !existsSync(join(folder, "io.stat"))
        ? null
        : find(join(folder, "io.stat"), new RegExp(`^${disk} .*\\brbytes=(\\d+)`, "m")),
    remove: () => removeAll([folder]),
  };
}

/** As often as need be, since a process that has ended is in it for another moment. */
function removeAll(folders: readonly string[]): void {
  for (const folder of folders) if (existsSync(folder)) rmdirSync(folder);
}

function makeFolder(parent: string): string {
  const folder = join(parent, `rehome-bench-${process.pid}`);
  mkdirSync(folder);
  return folder;
}

function write(folder: string, file: string, value: string | number): void {
  writeFileSync(join(folder, file), String(value));
}

function addTo(folders: readonly string[], pid: number): void {
  // The parent first: what it starts meanwhile is in the group by itself.
  for (const one of [pid, ...childrenOf(pid)])
    for (const folder of folders) write(folder, "cgroup.procs", one);
}

/** There is no line where nothing was read yet. */
function find(file: string, number: RegExp): number {
  return Number(number.exec(readFileSync(file, "utf8"))?.[1] ?? 0);
}
