import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { execa } from "execa";
import { withInstallLock } from "./install-lock.js";
import { findOnPath, type Machine } from "./machine.js";

const INSTALL_DEADLINE_MS = 300_000;
const POLICY = "/usr/sbin/policy-rc.d";

/**
 * Installs one of Debian's packages, without starting its service, and returns what `find` then finds; null where
 * that may not be done: not on Debian, or not by root. Rejects when apt-get fails.
 */
export async function installDebian<T>(
  name: string,
  machine: Machine,
  find: () => T | null,
): Promise<T | null> {
  const apt = findOnPath("apt-get", machine);
  if (!machine.mayInstall || !machine.isRoot || apt === null || !existsSync("/etc/debian_version"))
    return null;
  return await withInstallLock(machine.cache, async () => {
    if (find() === null) await install(apt, name, machine);
    return find();
  });
}

async function install(apt: string, name: string, machine: Machine): Promise<void> {
  process.stderr.write(`installing Debian's ${name} with apt-get, without starting any service\n`);
  const options = {
    // dpkg insists on finding the system's folders, which a plain `su` leaves out.
    env: {
      DEBIAN_FRONTEND: "noninteractive",
      RUNLEVEL: "1",
      PATH: `${machine.path}:/usr/sbin:/usr/bin:/sbin:/bin`,
    },
    timeout: INSTALL_DEADLINE_MS,
    stdio: ["ignore", 2, 2],
  } as const;
  const wait = ["-o", "DPkg::Lock::Timeout=120"];
  await withoutServiceStart(async () => {
    await execa(apt, [...wait, "-q", "update"], options);
    await execa(apt, [...wait, "-q", "install", "-y", "--no-install-recommends", name], options);
  });
}

/** Debian asks policy-rc.d before it starts a package's service; 101 means no. One that exists has its reasons. */
async function withoutServiceStart(install: () => Promise<void>): Promise<void> {
  const ours = !existsSync(POLICY);
  if (ours) await writeFile(POLICY, "#!/bin/sh\nexit 101\n", { mode: 0o755, flag: "wx" });
  try {
    await install();
  } finally {
    if (ours) await rm(POLICY, { force: true });
  }
}
