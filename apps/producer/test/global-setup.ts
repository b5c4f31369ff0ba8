import { startPostgres, startRedis } from "@rehome/tooling/local-services";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    postgresUrl: string;
    queueUrl: string;
    targetUrl: string;
  }
}

/** One of each server for all files; each test empties them first. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const servers = [await startPostgres(), await startRedis(), await startRedis()] as const;
  project.provide("postgresUrl", servers[0].url);
  project.provide("queueUrl", servers[1].url);
  project.provide("targetUrl", servers[2].url);
  return async () => {
    for (const server of servers.toReversed()) await server.stop();
  };
}
