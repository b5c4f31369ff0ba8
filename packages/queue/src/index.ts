export { putBackLost } from "./put-back.js";
export { closePlan, readPlanEnd, readRange, recordBounds } from "./bounds.js";
export {
  alignQueue,
  cancelRun,
  forgetRun,
  pauseRun,
  resumeRun,
  retryRun,
  stopRun,
} from "./change-run.js";
export { activeChunks, enqueueChunks } from "./chunk-jobs.js";
export {
  admitBatch,
  dropStaged,
  failChunk,
  readChunkState,
  recordChunk,
  settleRun,
  stageRejects,
} from "./chunk-record.js";
export { countWorkers, openQueue, QUEUE_NAME, type QueueConnection } from "./connection.js";
export { inspectQueue, pingQueue, type QueueFacts } from "./inspect.js";
export { KEY_PREFIX } from "./keys.js";
export { type JobKind, JOB_KINDS, jobId, parseJob, type Payload } from "./payload.js";
export { asPlanner } from "./planner.js";
export { listRejects, readRejectedIds, type ShownReject } from "./reject-records.js";
export {
  createRun,
  type FrozenRun,
  listRuns,
  noteWriteWay,
  readPhase,
  readRun,
  refuseWhileActive,
  resolveRun,
  type Run,
  type RunLimits,
} from "./run-record.js";
export { readStatus } from "./status.js";
export {
  areRejected,
  beginVerification,
  failVerified,
  readSampleSize,
  readVerification,
  recordVerified,
  type VerificationRecord,
} from "./verification-record.js";
export { setWaiting } from "./waiting.js";
export type { ChunkState } from "./chunk-state.js";
