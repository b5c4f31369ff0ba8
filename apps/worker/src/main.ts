import "./heap.js";
import { reach, reportFailure } from "@rehome/config";
import { inspectQueue, openQueue } from "@rehome/queue";
import { openSource } from "@rehome/source";
import { openTarget } from "@rehome/target";
import { MOST_CHUNKS } from "./adaptive-concurrency.js";
import { readConfig, type Config } from "./config.js";
import { openLog } from "./log.js";
import { runWorker } from "./run-worker.js";

try {
  await main(await readConfig(process.argv));
} catch (error) {
  reportFailure("rehome-worker", error);
}

/** Connects, however long a server is away, checks what it is connected to, and works until told to stop. */
async function main(config: Config): Promise<void> {
  const log = openLog({ level: config.logLevel, file: config.logFile, name: config.name });
  const patiently = <T>(connect: () => Promise<T>) =>
    reach(connect, (error, waitMs) => log.warn({ err: error, waitMs }, "waiting for a server"));
  const queue = await patiently(() =>
    openQueue(config.queueUrl, {
      patient: true,
      onError: (error) => log.warn({ err: error }, "queue connection"),
    }),
  );
  const source = openSource(config.sourceUrl, {
    connections: (config.concurrency === "auto" ? MOST_CHUNKS : config.concurrency) + 1,
    inactivityTimeoutMs: config.sourceSilenceMs,
  });
  const target = openTarget(config.targetUrl);
  try {
    await patiently(() => inspectQueue(queue));
    await patiently(() => source.probe());
    await patiently(() => target.probe());
    await runWorker({ queue, source, target, log }, config);
  } finally {
    await Promise.allSettled([source.close(), target.close(), queue.close()]);
  }
}
