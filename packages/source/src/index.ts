export { openSource } from "./open-source.js";
export { seedReferenceSchema } from "./seed-reference-schema.js";
export type { Expiry, ReadOptions, Source, SourceFacts, Survey } from "./source.js";
