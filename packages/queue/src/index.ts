export { requeueLost } from "./requeue-lost.js";
export { type Action, listActions, recordAction } from "./audit-log.js";
export { closePlan, readPlanEnd, readRange, recordBounds } from "./bounds.js";
export { alignQueue, cancelRun, forgetRun, pauseRun, resumeRun, stopRun } from "./change-run.js";
export { changeRate, readRateLimit } from "./change-rate.js";
export { type ChangedChunk, type Changes, readChangedChunks } from "./changed-chunks.js";
export { activeChunks, enqueueChunks } from "./chunk-jobs.js";
export {
  admitBatch,
  dropStaged,
  failChunk,
  readChunkState,
  recordChunk,
  finalizeRun,
  stageRejects,
} from "./chunk-record.js";
export { countWorkers, openQueue, QUEUE_NAME, type QueueConnection } from "./connection.js";
export { dateDelayed } from "./delayed-job.js";
export { reasonOfJob } from "./failed-job.js";
export { describeQueueFailure } from "./failure.js";
export { inspectQueue, pingQueue, type QueueFacts } from "./inspect.js";
export { KEY_PREFIX } from "./keys.js";
export { listLogouts, readLoginSecret, recordLogout } from "./login-record.js";
export { type JobKind, JOB_KINDS, jobId, parseJob, type Payload } from "./payload.js";
export { asPlanner } from "./planner.js";
export { listRunSummaries, type RunSummary } from "./run-summary.js";
export { readSamples } from "./progress-samples.js";
export {
  listRejects,
  readRejectedIds,
  readRejectsPage,
  type ShownReject,
} from "./reject-records.js";
export { retryRun, type RetryScope } from "./retry-run.js";
export {
  createRun,
  type FrozenRun,
  listRuns,
  noteEvicted,
  noteWriteWay,
  readRun,
  refuseWhileActive,
  resolveRun,
  type Run,
  type RunLimits,
} from "./run-record.js";
export { readQueueTime } from "./server-time.js";
export { startVerification, type VerificationScope } from "./start-verification.js";
export { listStatuses, readStatus } from "./status.js";
export {
  agreeOnBaseline,
  areRejected,
  beginVerification,
  countUnverified,
  failVerified,
  readSampleSize,
  readHoldUp,
  readVerification,
  recordVerified,
  type VerificationRecord,
} from "./verification-record.js";
export { setWaiting } from "./waiting.js";
export type { ChunkState, AttemptStats } from "./chunk-state.js";
export {
  recordHeartbeat,
  listWorkers,
  type WorkerRecord,
  type WorkerReport,
} from "./worker-record.js";
