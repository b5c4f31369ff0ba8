import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const STALE_AFTER_MS = 15 * 60_000;
/** Between making the lock's folder and writing the owner's pid into it lies next to nothing. */
const OWNERLESS_AFTER_MS = 10_000;
const POLL_MS = 250;

/**
 * Runs `install` while no other process does: several test processes may start at once on a fresh machine. Look
 * again inside whether it is still needed. A lock whose owner died is taken over; should two take it over at the
 * same moment, both install, which is why an installation must also be atomic in itself.
 */
export async function withInstallLock<T>(folder: string, install: () => Promise<T>): Promise<T> {
  await mkdir(folder, { recursive: true, mode: 0o755 });
  const lock = join(folder, "install.lock");
  const deadline = Date.now() + STALE_AFTER_MS;
  while (!(await acquired(lock))) {
    if (Date.now() > deadline)
      throw new Error(`another process has been installing for too long: remove ${lock}`);
    if (await isStale(lock)) await discard(lock);
    else await sleep(POLL_MS);
  }
  try {
    return await install();
  } finally {
    await rm(lock, { recursive: true, force: true });
  }
}

async function acquired(lock: string): Promise<boolean> {
  try {
    await mkdir(lock);
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  }
  await writeFile(join(lock, "pid"), String(process.pid));
  return true;
}

async function isStale(lock: string): Promise<boolean> {
  try {
    const age = Date.now() - (await stat(lock)).mtimeMs;
    const pid = Number(await readFile(join(lock, "pid"), "utf8").catch(() => ""));
    if (pid === 0) return age > OWNERLESS_AFTER_MS;
    return age > STALE_AFTER_MS || !isAlive(pid);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return false;
    throw error;
  }
}

/** Renamed first, so that of several who want to discard it only one does. */
async function discard(lock: string): Promise<void> {
  const aside = `${lock}.${process.pid}`;
  try {
    await rename(lock, aside);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return;
    throw error;
  }
  await rm(aside, { recursive: true, force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !hasCode(error, "ESRCH");
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
