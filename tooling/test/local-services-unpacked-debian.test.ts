import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Machine } from "@rehome/tooling/local-services";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { unpackDebian } from "../src/local-services/unpacked-debian.js";

const hasApt = existsSync("/usr/bin/apt-get") && existsSync("/usr/bin/dpkg-deb");
const SERVER = {
  packages: ["rehome-test-server", "rehome-test-tools"],
  program: "test-server",
} as const;

let folder: string;
let machine: Machine;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "rehome-test-"));
  const [bin, cache] = [join(folder, "bin"), join(folder, "cache")];
  await mkdir(bin);
  await mkdir(cache);
  for (const name of ["apt-get", "dpkg-deb"]) await symlink(`/usr/bin/${name}`, join(bin, name));
  machine = { path: bin, postgresRoots: [], cache, mayInstall: true, isRoot: false };
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

/** A repository of three packages; apt knows no other, and has not heard of these yet. */
async function addRepository(): Promise<void> {
  const repository = join(folder, "repository");
  await mkdir(repository);
  const index = [
    await addPackage(repository, "rehome-test-server", "rehome-test-tools", async (root) => {
      await mkdir(join(root, "usr/bin"), { recursive: true });
      await symlink("test-tool", join(root, "usr/bin/test-server"));
    }),
    await addPackage(repository, "rehome-test-tools", "rehome-test-library", async (root) => {
      await mkdir(join(root, "usr/bin"), { recursive: true });
      const tool =
        '#!/bin/sh\nread -r line < "${LD_LIBRARY_PATH%%:*}/library" && echo "$line $1"\n';
      await writeFile(join(root, "usr/bin/test-tool"), tool, { mode: 0o755 });
    }),
    await addPackage(repository, "rehome-test-library", null, async (root) => {
      await mkdir(join(root, "usr/lib/x86_64-linux-gnu"), { recursive: true });
      await writeFile(join(root, "usr/lib/x86_64-linux-gnu/library"), "library\n");
    }),
  ];
  await writeFile(join(repository, "Packages"), index.join("\n"));
  await writeFile(join(folder, "sources"), `deb [trusted=yes] copy:${repository} ./\n`);
  await mkdir(join(folder, "lists"));
  const config = [
    `Dir::Etc::SourceList "${join(folder, "sources")}";`,
    'Dir::Etc::SourceParts "/dev/null";',
    `Dir::State::Lists "${join(folder, "lists")}";`,
  ];
  await writeFile(join(folder, "apt.conf"), `${config.join("\n")}\n`);
  vi.stubEnv("APT_CONFIG", join(folder, "apt.conf"));
}

/** Gives its entry in the repository's index. Installing it would leave a trace. */
async function addPackage(
  repository: string,
  name: string,
  needs: string | null,
  fill: (root: string) => Promise<void>,
): Promise<string> {
  const root = join(folder, name);
  await mkdir(join(root, "DEBIAN"), { recursive: true });
  await chmod(root, 0o755);
  await fill(root);
  const control = [
    `Package: ${name}`,
    "Version: 1.0",
    "Architecture: all",
    "Maintainer: nobody <nobody@example.com>",
    "Description: for a test",
    ...(needs === null ? [] : [`Depends: ${needs}`]),
  ];
  await writeFile(join(root, "DEBIAN/control"), `${control.join("\n")}\n`);
  const trace = `#!/bin/sh\ntouch ${join(folder, "installed")}\n`;
  await writeFile(join(root, "DEBIAN/postinst"), trace, { mode: 0o755 });
  const file = `${name}_1.0_all.deb`;
  execFileSync("dpkg-deb", ["--build", root, join(repository, file)], { stdio: "ignore" });
  const bytes = await readFile(join(repository, file));
  const hash = createHash("sha256").update(bytes).digest("hex");
  return `${control.join("\n")}\nFilename: ./${file}\nSize: ${bytes.length}\nSHA256: ${hash}\n`;
}

describe.runIf(hasApt)("a program out of Debian's packages", () => {
  it("runs with what it depends on, and nothing is installed", async () => {
    await addRepository();
    const script = await unpackDebian(SERVER, machine);
    expect(script).toBe(join(machine.cache, "debian-test-server", "test-server"));
    expect(execFileSync(script ?? "", ["works"], { encoding: "utf8" })).toBe("library works\n");
    expect(existsSync(join(folder, "installed"))).toBe(false);
    expect(() => execFileSync("dpkg", ["-s", "rehome-test-server"], { stdio: "ignore" })).toThrow(
      /Command failed/,
    );
    expect(await readdir(machine.cache)).toEqual(["debian-test-server"]);

    await rm(join(folder, "repository"), { recursive: true });
    expect(await unpackDebian(SERVER, machine)).toBe(script);
  });

  it("leaves nothing half done where it cannot be downloaded, or does not run", async () => {
    await addRepository();
    await rm(join(folder, "repository", "rehome-test-library_1.0_all.deb"));
    await expect(unpackDebian(SERVER, machine)).rejects.toThrow(/apt-get/);
    await expect(
      unpackDebian({ ...SERVER, packages: ["rehome-test-none"] }, machine),
    ).rejects.toThrow(/rehome-test-none/);
    expect(await readdir(machine.cache)).toEqual([]);
  });

  it("is not had where nothing may be downloaded, or there is no apt-get", async () => {
    await addRepository();
    expect(await unpackDebian(SERVER, { ...machine, mayInstall: false })).toBeNull();
    expect(await unpackDebian(SERVER, { ...machine, path: "" })).toBeNull();
    expect(await readdir(machine.cache)).toEqual([]);
  });
});
