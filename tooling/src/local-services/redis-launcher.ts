import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { execa } from "execa";
import { withInstallLock } from "./install-lock.js";
import { findOnPath, installHint, type Machine, plainEnvironment } from "./machine.js";
import { ServiceUnavailable } from "./service-unavailable.js";

/** What can run a Redis here: a server of this machine, or a container. */
export type RedisLauncher =
  | { kind: "binary"; file: string }
  | { kind: "docker"; file: string; image: string };

const DOCKER_IMAGE = "redis:7.4-alpine";
const INSTALL_DEADLINE_MS = 300_000;
const POLICY = "/usr/sbin/policy-rc.d";

/** `redis-server` or `valkey-server` from PATH, else installed by apt-get when root, else Docker. */
export async function findRedis(machine: Machine): Promise<RedisLauncher> {
  const found = onPath(machine);
  if (found !== null) return found;

  let cause: unknown;
  const apt = findOnPath("apt-get", machine);
  if (machine.mayInstall && machine.isRoot && apt !== null && existsSync("/etc/debian_version")) {
    try {
      const installed = await withInstallLock(machine.cache, async () => {
        if (onPath(machine) === null) await install(apt, machine);
        return onPath(machine);
      });
      if (installed !== null) return installed;
    } catch (error) {
      cause = error;
    }
  }

  const docker = await inDocker(machine);
  if (docker !== null) return docker;
  throw new ServiceUnavailable(
    "no redis-server or valkey-server on PATH, and no Docker engine answers",
    installHint({ apt: "redis-server", dnf: "redis", brew: "redis" }),
    cause,
  );
}

function onPath(machine: Machine): RedisLauncher | null {
  const file = findOnPath("redis-server", machine) ?? findOnPath("valkey-server", machine);
  return file === null ? null : { kind: "binary", file };
}

async function install(apt: string, machine: Machine): Promise<void> {
  process.stderr.write(
    "no Redis found: installing Debian's redis-server with apt-get, without starting its service\n",
  );
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
    await execa(
      apt,
      [...wait, "-q", "install", "-y", "--no-install-recommends", "redis-server"],
      options,
    );
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

/** Only if an engine answers: the client alone is of no use. Fetches the image, which may take its time. */
async function inDocker(machine: Machine): Promise<RedisLauncher | null> {
  const file = findOnPath("docker", machine);
  if (file === null) return null;
  const options = {
    env: plainEnvironment(machine),
    extendEnv: false,
    reject: false,
    stdin: "ignore",
  } as const;
  // Older clients succeed without an engine, but then have no version of it to tell.
  const info = await execa(file, ["info", "--format", "{{.ServerVersion}}"], {
    ...options,
    timeout: 15_000,
  });
  if (info.exitCode !== 0 || info.stdout.trim() === "") return null;
  const image = await execa(file, ["image", "inspect", DOCKER_IMAGE], {
    ...options,
    timeout: 15_000,
  });
  if (image.exitCode !== 0) {
    process.stderr.write(`no Redis found: pulling ${DOCKER_IMAGE}\n`);
    await execa(file, ["pull", "-q", DOCKER_IMAGE], {
      ...options,
      reject: true,
      timeout: INSTALL_DEADLINE_MS,
    });
  }
  return { kind: "docker", file, image: DOCKER_IMAGE };
}
