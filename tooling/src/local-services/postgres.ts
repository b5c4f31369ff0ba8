import { chmod } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { type Listener, startOnFreePort, startOnPort } from "./listening-server.js";
import { type Machine, plainEnvironment, thisMachine } from "./machine.js";
import { findPostgres, type PostgresBinaries } from "./postgres-binaries.js";
import { initializeOnce } from "./postgres-cluster.js";
import { createDatabase, type DatabaseOptions, SUPERUSER } from "./postgres-database.js";
import { folderPassword, type ServiceFolder, serviceFolder } from "./service-folder.js";
import { ServiceUnavailable } from "./service-unavailable.js";
import { supervise } from "./supervised-process.js";
import { canReach, type User, unprivilegedUser } from "./unprivileged-user.js";

const CONNECT_DEADLINE_MS = 2_000;

/** Nothing here has to survive a crash of the machine. */
const SETTINGS = {
  fsync: "off",
  synchronous_commit: "off",
  full_page_writes: "off",
  max_connections: "100",
};

export interface PostgresOptions {
  /** Kept at stop and used again; a temporary folder otherwise. */
  dir?: string;
  /** The cluster's locale, used when a folder is first filled. Default `C`. */
  locale?: string;
  /** Server parameters over our own, such as `{ max_connections: "300" }`. */
  settings?: Record<string, string>;
  machine?: Machine;
}

export interface PostgresServer {
  /** `postgres://rehome:<password>@127.0.0.1:<port>/rehome`, the superuser's. */
  readonly url: string;
  readonly port: number;
  readonly dir: string;
  /** Of the postmaster; another after `restart`. */
  readonly pid: number;
  /** Creates a database and returns its URL. */
  createDatabase(name: string, options?: DatabaseOptions): Promise<string>;
  /** Stops the server, if it still runs, and starts it on the same port and data, with `settings` over those it had. */
  restart(settings?: Record<string, string>): Promise<void>;
  /** Stops the server and removes its folder unless it was given. Harmless when repeated. */
  stop(): Promise<void>;
}

/** Throws ServiceUnavailable when no PostgreSQL can be had, Error with the log's end when it does not start. */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const machine = options.machine ?? thisMachine();
  const binaries = await findPostgres(machine);
  const user = unprivilegedUser();
  const folder = await serviceFolder(options.dir, "postgres");
  const server = supervise(folder.log, folder.temporary ? folder.path : null);
  try {
    const base = { cwd: folder.path, env: plainEnvironment(machine), user };
    await letIn(user, folder, binaries);
    const password = await folderPassword(folder);
    const data = join(folder.path, "data");
    await initializeOnce(server, {
      ...base,
      initdb: binaries.initdb,
      folder,
      data,
      locale: options.locale ?? "C",
    });

    // An empty socket folder: TCP on 127.0.0.1 is the only way in.
    const fixed = { listen_addresses: "127.0.0.1", unix_socket_directories: "" };
    let settings: Record<string, string> = { ...SETTINGS, ...options.settings };
    const at = (port: number): string => `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/`;
    const listener: Listener = {
      name: "PostgreSQL",
      log: folder.log,
      command: (port) => ({
        ...base,
        file: binaries.postgres,
        args: [
          "-D",
          data,
          "-p",
          String(port),
          ...Object.entries({ ...settings, ...fixed }).flatMap(([name, value]) => [
            "-c",
            `${name}=${value}`,
          ]),
        ],
        // Fast shutdown, then immediate.
        stopSignals: ["SIGINT", "SIGQUIT"],
      }),
      answers: (port) => connects(`${at(port)}postgres`),
    };
    const port = await startOnFreePort(server, listener);
    await createDatabase(at(port), "rehome", { ifMissing: true });
    return {
      url: `${at(port)}rehome`,
      port,
      dir: folder.path,
      get pid() {
        return server.pid;
      },
      createDatabase: (name, databaseOptions) => createDatabase(at(port), name, databaseOptions),
      async restart(others = {}) {
        await server.halt();
        settings = { ...settings, ...others };
        await startOnPort(server, listener, port);
      },
      stop: () => server.release(),
    };
  } catch (error) {
    await server.release();
    throw error;
  }
}

/** Makes sure the user the server runs as gets to its folder and its binaries. */
async function letIn(
  user: User | null,
  folder: ServiceFolder,
  binaries: PostgresBinaries,
): Promise<void> {
  if (user === null) return;
  if (folder.temporary) await chmod(folder.path, 0o711);
  for (const path of [folder.path, binaries.initdb, binaries.postgres]) {
    if (canReach(user, path)) continue;
    throw new ServiceUnavailable(
      `PostgreSQL must not run as root, and user ${user.name} cannot reach ${path}`,
      folder.temporary
        ? "set TMPDIR to a folder every user can enter, such as /tmp"
        : `let others enter each folder above it (chmod o+x), or pass a folder every user can enter`,
    );
  }
}

async function connects(url: string): Promise<boolean> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_DEADLINE_MS,
  });
  client.on("error", () => {});
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}
