import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** Holds a server's data, its log and its password. */
export interface ServiceFolder {
  path: string;
  log: string;
  temporary: boolean;
}

/** A given folder is created if need be, used again with all it holds, and never removed. */
export async function serviceFolder(
  given: string | undefined,
  service: string,
): Promise<ServiceFolder> {
  const temporary = given === undefined;
  const path = temporary ? await mkdtemp(join(tmpdir(), `rehome-${service}-`)) : resolve(given);
  if (!temporary) await mkdir(path, { recursive: true, mode: 0o755 });
  return { path, log: join(path, "server.log"), temporary };
}

/** The folder's own password, made at its first use. */
export async function folderPassword(folder: ServiceFolder): Promise<string> {
  const file = join(folder.path, "password");
  try {
    await writeFile(file, randomBytes(24).toString("hex"), { mode: 0o600, flag: "wx" });
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
  return await readFile(file, "utf8");
}
