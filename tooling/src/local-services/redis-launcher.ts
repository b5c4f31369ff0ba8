import { execa } from "execa";
import { findOnPath, installHint, type Machine, plainEnvironment } from "./machine.js";
import { ServiceUnavailable } from "./service-unavailable.js";
import { unpackDebian } from "./unpacked-debian.js";

/** What can run a Redis here: a server of this machine, or a container. */
export type RedisLauncher =
  | { kind: "binary"; file: string }
  | { kind: "docker"; file: string; image: string };

/** Debian's server is a link to a program of its tools. */
const DEBIAN = { packages: ["redis-server", "redis-tools"], program: "redis-server" } as const;

const DOCKER_IMAGE = "redis:7.4-alpine";
const PULL_DEADLINE_MS = 300_000;

/** `redis-server` or `valkey-server` from PATH, else the one of Debian's package, unpacked and not installed, else Docker. */
export async function findRedis(machine: Machine): Promise<RedisLauncher> {
  const found = onPath(machine);
  if (found !== null) return found;

  let cause: unknown;
  try {
    // The package alone would enable and start a service, which stays.
    const file = await unpackDebian(DEBIAN, machine);
    if (file !== null) return { kind: "binary", file };
  } catch (error) {
    cause = error;
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
      timeout: PULL_DEADLINE_MS,
    });
  }
  return { kind: "docker", file, image: DOCKER_IMAGE };
}
