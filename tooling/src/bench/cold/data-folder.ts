import { existsSync, readFileSync } from "node:fs";
import { stat, statfs } from "node:fs/promises";
import { execa } from "execa";

/** Of statfs: a folder that lies in memory. */
const TMPFS = 0x01021994;
const SECTOR_BYTES = 512;

/** A server's files on a disk. */
export interface DataFolder {
  /** The number of the disk, such as "8:0"; null where it is none that the kernel tells of. */
  readonly disk: string | null;
  /** Drops all but its small files from the page cache, and nothing that other programs have there. */
  dropFromCache(): Promise<void>;
  /** What the disk has been read so far, by anyone; null where it does not tell. */
  bytesRead(): number | null;
}

/** Throws where its files cannot be dropped from the page cache. */
export async function openDataFolder(path: string): Promise<DataFolder> {
  if ((await statfs(path)).type === TMPFS)
    throw new Error(`${path} lies in memory (tmpfs). Set TMPDIR to a folder on a disk`);
  const disk = diskOf((await stat(path)).dev);
  const folder: DataFolder = {
    disk,
    dropFromCache: async () => {
      // Only what is on the disk can be dropped.
      await execa("sync", ["-f", path]);
      // By this flag dd, which copies nothing here, tells the kernel that a whole file is not needed any more. Small files
      // are many and not what a turn waits for.
      const drop = ["dd", "if={}", "iflag=nocache", "count=0", "status=none"];
      await execa("find", [path, "-type", "f", "-size", "+64k", "-exec", ...drop, ";"]);
    },
    bytesRead: () => {
      if (disk === null) return null;
      const [, , sectors] = readFileSync(`${blockDevice(disk)}/stat`, "utf8")
        .trim()
        .split(/\s+/);
      return Number(sectors) * SECTOR_BYTES;
    },
  };
  await folder.dropFromCache();
  return folder;
}

/** Of a device's number as Linux packs it. A partition's is its disk, since only that is counted by who reads. */
function diskOf(device: number): string | null {
  const major = (device >> 8) & 0xfff;
  const minor = (device & 0xff) | ((device >> 12) & 0xfff00);
  const number = `${major}:${minor}`;
  const folder = blockDevice(number);
  if (!existsSync(folder)) return null;
  if (!existsSync(`${folder}/partition`)) return number;
  return readFileSync(`${folder}/../dev`, "utf8").trim();
}

const blockDevice = (number: string): string => `/sys/dev/block/${number}`;
