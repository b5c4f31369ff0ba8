import { startRedis } from "@rehome/tooling/local-services";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    redisUrl: string;
    /** How many sessions the payload tests make up. */
    payloadCases: number;
    /** Of random tests that can be replayed by `vitest run --sequence.seed=…`. */
    seed: number;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const redis = await startRedis();
  project.provide("redisUrl", redis.url);
  project.provide("seed", (project.config.sequence.seed ?? Date.now()) % 2 ** 31);
  return () => redis.stop();
}
