/** Not now: the job goes back to the queue, and no attempt is used up. */
export class RetryLater extends Error {
  override readonly name = "RetryLater";
  readonly delayMs: number;
  /** For so long this worker takes no other job: it would put off all that wait, faster than others can copy them. */
  readonly restMs: number;

  constructor(reason: string, delayMs: number, restMs = 0) {
    super(reason);
    this.delayMs = delayMs;
    this.restMs = restMs;
  }
}

/** Never mind: the run has ended or is gone, and the job with it. */
export class RunEnded extends Error {
  override readonly name = "RunEnded";
}
