import { createServer } from "node:http";
import { reach, reportFailure } from "@rehome/config";
import { RehomeError } from "@rehome/core";
import { openQueue, readLoginSecret } from "@rehome/queue";
import { openTarget } from "@rehome/target";
import { type AppParts, makeApp } from "./app.js";
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
  reportFailure("rehome-dashboard", error);
}

/** Serves until SIGTERM or SIGINT. */
async function main(config: Config): Promise<void> {
  const log = openLog(config.logFile);
  const onError = (error: unknown) => log.warn({ err: error }, "queue connection");
  const queue = await reach(
    () => openQueue(config.queueUrl, { onError }),
    (error, waitMs) => log.warn({ err: error, waitMs }, "waiting for a server"),
  );
  const target = config.targetUrl === null ? null : openTarget(config.targetUrl, TARGET_PATIENCE);
  const watch = makeWatch(queue, makeTargetGauge(target), log);
  try {
    await serve({ queue, watch, log }, config);
  } finally {
    watch.close();
    await Promise.allSettled([target?.close(), queue.close()]);
  }
}

async function serve(
  parts: Pick<AppParts, "queue" | "watch" | "log">,
  config: Config,
): Promise<void> {
  const { queue, log } = parts;
  const ended = new Set<string>();
  const secret = await readLoginSecret(queue);
  await learnLogouts(queue, ended);
  const logins = await makeLogins(config.users, { secret, hours: config.loginHours, ended });
  const { origin, proxies, metricsToken } = config;
  const app = makeApp({ ...parts, logins, secret, origin, proxies, metricsToken });
  const server = createServer(app);
  await listen(server, config);
  const learning = setInterval(() => {
    learnLogouts(queue, ended).catch(() => undefined);
  }, LEARN_LOGOUTS_MS);
  log.info({ url: addressOf(server, config), users: config.users.length }, "dashboard ready");
  await new Promise<void>((resolve) => {
    for (const name of ["SIGTERM", "SIGINT"] as const) process.once(name, () => resolve());
  });
  clearInterval(learning);
  server.close();
  server.closeAllConnections();
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
