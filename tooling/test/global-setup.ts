import type { TestProject } from "vitest/node";
import { startPostgres } from "../src/local-services/index.js";
import { furnish } from "./furnished-database.js";

declare module "vitest" {
  interface ProvidedContext {
    postgresUrl: string;
  }
}

/** One PostgreSQL for all files; each test has a database of its own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const postgres = await startPostgres();
  await furnish(postgres.url);
  project.provide("postgresUrl", postgres.url);
  return () => postgres.stop();
}
