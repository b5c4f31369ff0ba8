import { createServer } from "node:http";
import { RehomeError } from "@rehome/core";
import { openQueue, readLoginSecret } from "@rehome/queue";
import { openTarget } from "@rehome/target";
import { makeApp } from "./app.js";
import { type Config, readConfig } from "./config.js";
import { hashPasswordCommand } from "./hash-password.js";
import { openLog } from "./log.js";
import { makeLogins } from "./login/logins.js";
import { learnLogouts } from "./login/sign-in.js";
import { makeTargetGauge } from "./watch/target-gauge.js";
import { makeWatch } from "./watch/watch.js";

const LEARN_LOGOUTS_MS = 10_000;
/** A gauge that stands still for longer says that the target does not answer. */
const TARGET_PATIENCE = { connectTimeoutMs: 3_000, commandTimeoutMs: 3_000 };

try {
  const [, , verb, ...rest] = process.argv;
  if (verb === "hash-password") await hashPasswordCommand(rest);
  else await main(await readConfig(process.argv));
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
  const log = openLog(config.logFile);
  const queue = await openQueue(config.queueUrl, {
    onError: (error) =>
      log.warn(
        { reason: error instanceof RehomeError ? error.message : "unexpected" },
        "queue connection",
      ),
  });
  const target = config.targetUrl === null ? null : openTarget(config.targetUrl, TARGET_PATIENCE);
  const watch = makeWatch(queue, makeTargetGauge(target));
  const ended = new Set<string>();
  const secret = await readLoginSecret(queue);
  await learnLogouts(queue, ended);
  const learning = setInterval(() => {
    learnLogouts(queue, ended).catch(() => undefined);
  }, LEARN_LOGOUTS_MS);
  const logins = await makeLogins(config.users, { secret, hours: config.loginHours, ended });
  const { origin, metricsToken } = config;
  const server = createServer(makeApp({ queue, watch, logins, log, secret, origin, metricsToken }));
  try {
    await listen(server, config);
    log.info({ url: addressOf(server, config), users: config.users.length }, "dashboard ready");
    await new Promise<void>((resolve) => {
      for (const name of ["SIGTERM", "SIGINT"] as const) process.once(name, () => resolve());
    });
  } finally {
    clearInterval(learning);
    watch.close();
    server.close();
    server.closeAllConnections();
    await Promise.allSettled([target?.close(), queue.close()]);
  }
}

function addressOf(server: ReturnType<typeof createServer>, config: Config): string {
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : config.port;
  return `http://${config.host.includes(":") ? `[${config.host}]` : config.host}:${port}/`;
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
