import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { withInstallLock } from "../src/local-services/install-lock.js";

/** Above what any system gives to a process. */
const NO_PROCESS = "99999999";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "rehome-test-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

test("only one installs at a time", async () => {
  let installing = 0;
  const install = async (): Promise<void> => {
    expect(++installing).toBe(1);
    await sleep(20);
    installing--;
  };
  await Promise.all([1, 2, 3].map(() => withInstallLock(folder, install)));
  expect(await readdir(folder)).toEqual([]);
});

test("a failed installation gives the lock back", async () => {
  await expect(
    withInstallLock(folder, async () => Promise.reject(new Error("no network"))),
  ).rejects.toThrow("no network");
  expect(await withInstallLock(folder, async () => "installed")).toBe("installed");
});

test("the lock of a process that died is taken over", async () => {
  await mkdir(join(folder, "install.lock"));
  await writeFile(join(folder, "install.lock", "pid"), NO_PROCESS);
  expect(await withInstallLock(folder, async () => "installed")).toBe("installed");
});
