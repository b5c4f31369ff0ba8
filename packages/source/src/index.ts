export { openSource } from "./open-source.js";
export { seedReferenceSchema } from "./seed-reference-schema.js";
export type {
  ExpiryOptions,
  PlannedChunk,
  ReadOptions,
  SessionExpiry,
  SessionSource,
  Source,
  SourceFacts,
  Survey,
} from "./source.js";
