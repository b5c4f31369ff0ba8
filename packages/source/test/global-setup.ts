import { startPostgres } from "@rehome/tooling/local-services";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    postgresUrl: string;
  }
}

/** Not UTC, and with summer time. */
const ZONE = "America/New_York";

/** One PostgreSQL for all files; each test has a database of its own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const postgres = await startPostgres({
    settings: { TimeZone: ZONE, max_prepared_transactions: "10" },
  });
  project.provide("postgresUrl", postgres.url);
  return () => postgres.stop();
}
