export { openSource } from "./open-source.js";
export * as referenceSchema from "./postgres/schema.js";
export { seedReferenceSchema, type SeedOptions } from "./postgres/seed.js";
export type { Expiry, ReadOptions, Source, SourceFacts, Survey } from "./source.js";
