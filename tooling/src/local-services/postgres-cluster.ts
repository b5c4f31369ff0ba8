import { chown, mkdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { logSince } from "./listening-server.js";
import { SUPERUSER } from "./postgres-database.js";
import type { ServiceFolder } from "./service-folder.js";
import type { Command, SupervisedProcess } from "./supervised-process.js";

const INITDB_DEADLINE_MS = 120_000;

interface Initialization extends Pick<Command, "cwd" | "env" | "user"> {
  initdb: string;
  folder: ServiceFolder;
  data: string;
  locale: string;
}

/** Unless there is one already. Fills the data folder aside and renames it when complete, so a killed initdb leaves nothing half done. */
export async function initializeOnce(
  server: SupervisedProcess,
  todo: Initialization,
): Promise<void> {
  const { initdb, folder, data, locale, cwd, env, user } = todo;
  if (await exists(data)) return;
  const aside = `${data}.new`;
  const passwordFile = join(folder.path, "password");
  await rm(aside, { recursive: true, force: true });
  await mkdir(aside, { mode: 0o700 });
  if (user !== null) {
    await chown(aside, user.uid, user.gid);
    await chown(passwordFile, user.uid, user.gid);
  }
  const access = [`--username=${SUPERUSER}`, "--auth=scram-sha-256", `--pwfile=${passwordFile}`];
  const text = ["--encoding=UTF8", `--locale=${locale}`];
  const args = ["-D", aside, ...access, ...text, "--no-sync"];
  await server.start({ file: initdb, args, cwd, env, user, stopSignals: ["SIGTERM"] });
  const ending = await server.ended(INITDB_DEADLINE_MS);
  if (ending?.code !== 0) {
    const log = await logSince(folder.log, 0);
    throw new Error(
      `initdb failed (${JSON.stringify(ending ?? "timeout")}); the end of its log:\n${log}`,
    );
  }
  await rename(aside, data);
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
