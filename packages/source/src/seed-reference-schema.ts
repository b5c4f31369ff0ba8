import type { SeedOptions } from "./postgres/seed.js";

/** See `postgres/seed.ts`. What describes the schema is loaded for this alone: every other start does without it. */
export async function seedReferenceSchema(url: URL, options: SeedOptions): Promise<void> {
  const seeding = await import("./postgres/seed.js");
  await seeding.seedReferenceSchema(url, options);
}
