/** Not now: the job goes back to the queue, and no attempt is used up. */
export class RetryLater extends Error {
  override readonly name = "RetryLater";
  readonly delayMs: number;

  constructor(reason: string, delayMs: number) {
    super(reason);
    this.delayMs = delayMs;
  }
}

/** Never mind: the run has ended or is gone, and the job with it. */
export class RunEnded extends Error {
  override readonly name = "RunEnded";
}
