import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { withInstallLock } from "./install-lock.js";
import { findOnPath, isExecutable, type Machine } from "./machine.js";

const APT_DEADLINE_MS = 300_000;
const UNPACK_DEADLINE_MS = 60_000;
const VERSION_DEADLINE_MS = 10_000;

export interface Unpacking {
  /** Its packages; those they depend on come along where the system lacks them. */
  readonly packages: readonly [string, ...string[]];
  /** In /usr/bin of one of them; must know `--version`. */
  readonly program: string;
}

/**
 * A program out of Debian's packages, which are unpacked into a folder of ours and not installed: no service is
 * enabled or started, nothing of the system changes, and nobody need be root. Returns a script that starts the program
 * with the libraries unpacked beside it; null where there is no apt-get, or nothing may be installed. Rejects when
 * apt-get fails, or the program does not run.
 */
export async function unpackDebian(
  { packages, program }: Unpacking,
  machine: Machine,
): Promise<string | null> {
  const home = join(machine.cache, `debian-${program}`);
  const script = join(home, program);
  if (await runs(script)) return script;
  const [apt, dpkg] = [findOnPath("apt-get", machine), findOnPath("dpkg-deb", machine)];
  if (!machine.mayInstall || apt === null || dpkg === null || !existsSync("/etc/debian_version"))
    return null;
  await withInstallLock(machine.cache, async () => {
    if (await runs(script)) return;
    process.stderr.write(
      `no ${program} found: downloading Debian's ${packages.join(", ")} into ${home}; nothing is installed\n`,
    );
    await unpack({ apt, dpkg, packages, program, home, path: machine.path });
  });
  return script;
}

/** Not where the system's libraries have changed since it was unpacked. */
async function runs(script: string): Promise<boolean> {
  return (
    isExecutable(script) &&
    (await askVersion(script).then(
      () => true,
      () => false,
    ))
  );
}

/** Rejects where a library is missing or too old: that is to show here, and not as a server that does not start. */
async function askVersion(script: string): Promise<void> {
  await execa(script, ["--version"], { timeout: VERSION_DEADLINE_MS });
}

interface Work extends Unpacking {
  readonly apt: string;
  readonly dpkg: string;
  readonly home: string;
  readonly path: string;
}

/** Unpacked aside and renamed into place when complete, so a killed download leaves nothing half done. */
async function unpack(work: Work): Promise<void> {
  const aside = await mkdtemp(`${work.home}.`);
  try {
    await chmod(aside, 0o755);
    const [downloads, result] = [join(aside, "downloads"), join(aside, "result")];
    await mkdir(downloads);
    await mkdir(join(result, "root"), { recursive: true });
    await download(work, downloads, aside);
    for (const file of await readdir(downloads)) {
      await execa(work.dpkg, ["-x", join(downloads, file), join(result, "root")], {
        env: environment(work),
        timeout: UNPACK_DEADLINE_MS,
      });
    }
    const script = join(result, work.program);
    await writeFile(script, await scriptFor(work.program, join(result, "root")), { mode: 0o755 });
    await askVersion(script);
    await rm(work.home, { recursive: true, force: true });
    await rename(result, work.home);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

/** With the system's lists of packages; where these are missing or out of date, with lists of our own. */
async function download(work: Work, into: string, aside: string): Promise<void> {
  try {
    await downloadAs(work, into, []);
  } catch {
    const [lists, cache] = [join(aside, "lists"), join(aside, "cache")];
    await mkdir(join(lists, "partial"), { recursive: true });
    await mkdir(join(cache, "archives", "partial"), { recursive: true });
    const own = [`Dir::State::Lists=${lists}`, `Dir::Cache=${cache}`, "Acquire::Languages=none"];
    await runApt(work, own, ["update"], into);
    await downloadAs(work, into, own);
  }
}

async function downloadAs(work: Work, into: string, options: readonly string[]): Promise<void> {
  // Each line: 'URI' NAME_VERSION_ARCHITECTURE.deb SIZE HASH
  const install = ["install", "--print-uris", "--no-install-recommends", "-y", ...work.packages];
  const listed = await runApt(work, options, install, into);
  const needed = [...listed.matchAll(/^'\S+' ([^_\s]+)_\S+\.deb /gm)].map(([, name = ""]) => name);
  const names = new Set([...work.packages, ...needed]);
  await runApt(work, options, ["download", ...names], into);
}

async function runApt(
  work: Work,
  options: readonly string[],
  args: readonly string[],
  cwd: string,
): Promise<string> {
  // As whoever we are: apt's own user cannot write into our folders.
  const all = ["APT::Sandbox::User=root", "Acquire::Retries=2", ...options];
  const flags = all.flatMap((option) => ["-o", option]);
  const { stdout } = await execa(work.apt, ["-qq", ...flags, ...args], {
    cwd,
    env: environment(work),
    timeout: APT_DEADLINE_MS,
    stdin: "ignore",
  });
  return stdout;
}

function environment({ path }: Work): Record<string, string> {
  return { PATH: `${path}:/usr/sbin:/usr/bin:/sbin:/bin`, LC_ALL: "C" };
}

/** Finds everything from where it lies itself, since it is moved once. */
async function scriptFor(program: string, root: string): Promise<string> {
  const folders: string[] = [];
  for (const lib of ["usr/lib", "lib"]) {
    const entries = await readdir(join(root, lib), { withFileTypes: true }).catch(() => []);
    const triplets = entries.filter(
      (entry) => entry.isDirectory() && entry.name.includes("-linux-"),
    );
    folders.push(...triplets.map(({ name }) => `$root/${lib}/${name}`), `$root/${lib}`);
  }
  return [
    "#!/bin/sh",
    "root=${0%/*}/root",
    `LD_LIBRARY_PATH="${folders.join(":")}\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" exec "$root/usr/bin/${program}" "$@"`,
    "",
  ].join("\n");
}
