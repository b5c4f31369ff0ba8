/**
 * An expected failure: what happened and where, in words fit to be shown anywhere, and how to mend it.
 * `code` is stable and meant for programs. `exitCode` is the command line's: 1 the world or the run is at
 * fault, 2 the usage or the configuration. `retryable` says whether trying again later can help.
 */
export class RehomeError extends Error {
  override readonly name = "RehomeError";
  readonly code: string;
  readonly hint: string | null;
  readonly exitCode: 1 | 2;
  readonly retryable: boolean;

  constructor(
    code: string,
    message: string,
    options: { hint?: string; exitCode?: 1 | 2; retryable?: boolean; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint ?? null;
    this.exitCode = options.exitCode ?? 1;
    this.retryable = options.retryable ?? false;
  }
}
