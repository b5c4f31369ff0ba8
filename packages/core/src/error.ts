import type { FailureMeaning } from "./failure-meaning.js";

/**
 * An expected failure: what happened and where, in words fit to be shown anywhere, and how to mend it.
 * `code` is stable and meant for programs. `exitCode` is the command line's: 1 the world or the run is at
 * fault, 2 the usage or the configuration. `retryable` says whether trying again later can help; `unavailable`,
 * which implies it, that a server serves nobody as it is, so that waiting is all there is to do. `meaning` is what a
 * server's failure means, null for every other.
 */
export class RehomeError extends Error {
  override readonly name = "RehomeError";
  readonly code: string;
  readonly hint: string | null;
  readonly exitCode: 1 | 2;
  readonly retryable: boolean;
  readonly unavailable: boolean;
  readonly meaning: FailureMeaning | null;

  constructor(
    code: string,
    message: string,
    options: {
      hint?: string;
      exitCode?: 1 | 2;
      retryable?: boolean;
      unavailable?: boolean;
      meaning?: FailureMeaning;
      cause?: unknown;
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint ?? null;
    this.exitCode = options.exitCode ?? 1;
    this.unavailable = options.unavailable ?? false;
    this.meaning = options.meaning ?? null;
    this.retryable = options.retryable ?? this.unavailable;
  }

  /** The same failure with more said of where it happened; `hint` where it has none of its own. */
  at(place: string, hint: string): RehomeError {
    const { code, exitCode, retryable, unavailable, meaning } = this;
    return new RehomeError(code, `${this.message} at ${place}`, {
      hint: this.hint ?? hint,
      exitCode,
      retryable,
      unavailable,
      ...(meaning === null ? {} : { meaning }),
    });
  }
}

/** Both in one line, the hint after the message. */
export function messageWithHint({ message, hint }: RehomeError): string {
  return hint === null ? message : `${message}. ${hint}`;
}
