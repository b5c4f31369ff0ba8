import type { Values } from "@rehome/config";
import { seedReferenceSchema } from "@rehome/source";
import { urls } from "../config.js";
import { formatNumber } from "../format.js";
import { note, printJson } from "../output.js";

export interface SeedOptions extends Values<"seed"> {
  reset?: boolean;
  json?: boolean;
}

/** Fills the source with the reference schema and reproducible sessions. */
export async function seed(options: SeedOptions): Promise<number> {
  await seedReferenceSchema(urls.source(), { ...options, reset: options.reset ?? false });
  if (options.json)
    printJson({ users: options.users, sessions: options.sessions, seed: options.seed });
  else
    note(
      `seeded ${formatNumber(options.users)} users and ${formatNumber(options.sessions)} sessions`,
    );
  return 0;
}
