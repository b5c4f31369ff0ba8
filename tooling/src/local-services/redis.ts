import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { type Listener, startOnFreePort, startOnPort } from "./listening-server.js";
import { type Machine, plainEnvironment, thisMachine } from "./machine.js";
import { findRedis, type RedisLauncher } from "./redis-launcher.js";
import { folderPassword, type ServiceFolder, serviceFolder } from "./service-folder.js";
import { type Command, supervise } from "./supervised-process.js";

const ANSWER_DEADLINE_MS = 2_000;

export interface RedisOptions {
  /** Kept at stop and used again; a temporary folder otherwise. */
  dir?: string;
  /** Further arguments of redis-server, such as `["--maxmemory-policy", "allkeys-lru"]`. */
  args?: string[];
  /** Whether data survives `restart`. Default false. */
  appendonly?: boolean;
  /** A server of another version, as `findOtherServers` gives it; by default the machine's own. */
  binary?: string;
  machine?: Machine;
}

export interface RedisServer {
  /** `redis://:<password>@127.0.0.1:<port>/0` */
  readonly url: string;
  readonly port: number;
  readonly dir: string;
  /** Of the server itself (of its `docker run` where it is a container); another after `restart`. */
  readonly pid: number;
  /** Stops the server, if it still runs, and starts it on the same port and folder. */
  restart(): Promise<void>;
  /** Stops the server and removes its folder unless it was given. Harmless when repeated. */
  stop(): Promise<void>;
}

/** Throws ServiceUnavailable when no Redis can be had, Error with the log's end when it does not start. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const machine = options.machine ?? thisMachine();
  const launcher: RedisLauncher =
    options.binary === undefined
      ? await findRedis(machine)
      : { kind: "binary", file: options.binary };
  const folder = await serviceFolder(options.dir, "redis");
  const server = supervise(folder.log, folder.temporary ? folder.path : null);
  try {
    const password = await folderPassword(folder);
    // In a file of the owner's alone: arguments are for everybody to see.
    await writeFile(join(folder.path, "redis.conf"), `requirepass ${password}\n`, { mode: 0o600 });
    const args = [
      "--save",
      "",
      "--appendonly",
      options.appendonly === true ? "yes" : "no",
      ...(options.args ?? []),
    ];
    const listener: Listener = {
      name: "Redis",
      log: folder.log,
      command: (port) => ({
        ...launch(launcher, folder, port, args),
        cwd: folder.path,
        env: plainEnvironment(machine),
        user: null,
        stopSignals: ["SIGTERM"],
      }),
      answers: (port) => pings(port, password),
    };
    const port = await startOnFreePort(server, listener);
    return {
      url: `redis://:${password}@127.0.0.1:${port}/0`,
      port,
      dir: folder.path,
      get pid() {
        return server.pid;
      },
      async restart() {
        await server.halt();
        await startOnPort(server, listener, port);
      },
      stop: () => server.release(),
    };
  } catch (error) {
    await server.release();
    throw error;
  }
}

function launch(
  launcher: RedisLauncher,
  folder: ServiceFolder,
  port: number,
  args: string[],
): Pick<Command, "file" | "args" | "reap"> {
  switch (launcher.kind) {
    case "binary": {
      const own = [
        join(folder.path, "redis.conf"),
        "--port",
        String(port),
        "--bind",
        "127.0.0.1",
        "--dir",
        folder.path,
      ];
      return { file: launcher.file, args: [...own, ...args] };
    }
    case "docker": {
      const name = `rehome-redis-${randomUUID()}`;
      // As this user, or the folder's files would come to belong to the image's user.
      const user = `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`;
      const run = [
        "run",
        "--rm",
        "-i",
        "--name",
        name,
        "--user",
        user,
        "-v",
        `${folder.path}:/data`,
      ];
      const published = ["-p", `127.0.0.1:${port}:6379`, launcher.image];
      const own = ["redis-server", "/data/redis.conf", "--bind", "0.0.0.0", "--dir", "/data"];
      // A killed `docker run` leaves its container behind.
      return {
        file: launcher.file,
        args: [...run, ...published, ...own, ...args],
        reap: [launcher.file, "rm", "-f", name],
      };
    }
  }
}

/** Authenticates and asks PING over a bare socket; a server still loading its data does not answer PONG. */
async function pings(port: number, password: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let reply = "";
    const finish = (answered: boolean): void => {
      socket.destroy();
      resolve(answered);
    };
    socket.setTimeout(ANSWER_DEADLINE_MS, () => finish(false));
    socket.on("error", () => finish(false));
    socket.on("close", () => finish(false));
    socket.on("connect", () => socket.write(`AUTH ${password}\r\nPING\r\n`));
    socket.on("data", (bytes) => {
      reply += bytes.toString("latin1");
      if (reply.split("\r\n").length > 2) finish(reply === "+OK\r\n+PONG\r\n");
    });
  });
}
