import { createServer } from "node:http";
import { RehomeError } from "@rehome/core";
import { openQueue } from "@rehome/queue";
import { pino } from "pino";
import { makeApp } from "./app.js";
import { type Config, readConfig } from "./config.js";

try {
  await main(await readConfig(process.argv));
} catch (error) {
  const expected = error instanceof RehomeError;
  const hint = expected && error.hint !== null ? `. ${error.hint}` : "";
  process.stderr.write(
    `rehome-dashboard: ${expected ? error.message : "unexpected error"}${hint}\n`,
  );
  process.exitCode = expected ? error.exitCode : 1;
}

/** Serves until SIGTERM or SIGINT. */
async function main(config: Config): Promise<void> {
  const stderr = { stream: pino.destination({ fd: 2, sync: true }) };
  const file =
    config.logFile === null
      ? []
      : [{ stream: pino.destination({ dest: config.logFile, sync: true, mkdir: true }) }];
  const log = pino({}, pino.multistream([stderr, ...file]));
  const queue = await openQueue(config.queueUrl, {
    onError: (error) =>
      log.warn(
        { reason: error instanceof RehomeError ? error.message : "unexpected" },
        "queue connection",
      ),
  });
  const server = createServer(makeApp(queue));
  try {
    await listen(server, config);
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : config.port;
    log.info(
      { url: `http://${config.host.includes(":") ? `[${config.host}]` : config.host}:${port}/` },
      "dashboard ready",
    );
    await new Promise<void>((resolve) => {
      for (const name of ["SIGTERM", "SIGINT"] as const) process.once(name, () => resolve());
    });
  } finally {
    server.close();
    server.closeAllConnections();
    await queue.close();
  }
}

async function listen(
  server: ReturnType<typeof createServer>,
  { host, port }: Config,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, host, () => resolve());
  }).catch((error: NodeJS.ErrnoException) => {
    throw new RehomeError(
      "cannot-listen",
      `cannot listen on ${host}:${port} (${error.code ?? "unknown"})`,
      {
        hint: "Choose another with --port, or --port 0 for any free one",
      },
    );
  });
}
