export * from "./bytes.js";
export * from "./catalogue.js";
export * from "./config-path.js";
export {
  type Column,
  columnOf,
  type ColumnRole,
  columnsOf,
  type ColumnUse,
  type Kind,
  placeColumns,
  type ResolvedStore,
  resolvedStoreSchema,
  tablesOf,
} from "./column.js";
export { type Codec, CODECS } from "./codec.js";
export * from "./conflict.js";
export * from "./detect-store.js";
export * from "./error.js";
export { makeExpiry, type SessionExpiry } from "./expiry.js";
export { recencyField } from "./field.js";
export * from "./failure-meaning.js";
export * from "./failure-reason.js";
export * from "./failure.js";
export * from "./fingerprint.js";
export * from "./guess-store.js";
export { ATTRIBUTES_FIELD, collidingNames, EXPIRES_AT_FIELD } from "./fixed-fields.js";
export * from "./loggable-error.js";
export * from "./mapping.js";
export { mappingMistakes } from "./mapping-mistakes.js";
export * from "./network-failures.js";
export * from "./outcome.js";
export * from "./printable.js";
export * from "./progress.js";
export * from "./projected-memory.js";
export * from "./range.js";
export * from "./reading-order.js";
export * from "./redis-failures.js";
export * from "./redis-url.js";
export * from "./reject.js";
export * from "./run.js";
export * from "./same-target.js";
export * from "./session.js";
export * from "./source-batch.js";
export * from "./step.js";
export { type NamedStore, type StoreDescription, storeSchema, targetType } from "./store.js";
export type { Mistake } from "./store-mistakes.js";
export { type Store, ZONE_OF_SERVER } from "./store-shape.js";
export * from "./stores/index.js";
export { strictObject } from "./strict-object.js";
export * from "./table-name.js";
export * from "./target-layout.js";
export * from "./time.js";
export * from "./tls-server-name.js";
export { makeTransform, type Transform, type TransformOptions } from "./transform.js";
export { type Transformed, TransformedBatch, type TransformedKind } from "./transformed-batch.js";
export * from "./verification-coverage.js";
export * from "./verification.js";
