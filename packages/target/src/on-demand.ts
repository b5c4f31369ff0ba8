import { RehomeError } from "@rehome/core";

export interface ConnectionOptions {
  /** How long connecting may take, and how long nothing may pass while a command waits for its answer, in ms. */
  readonly connectTimeoutMs?: number;
  readonly commandTimeoutMs?: number;
}

export function timeoutsOf(options: ConnectionOptions): { connectMs: number; commandMs: number } {
  return {
    connectMs: options.connectTimeoutMs ?? 10_000,
    commandMs: options.commandTimeoutMs ?? 30_000,
  };
}

/** Something that is opened when it is first needed, and again after it broke. */
export interface OnDemand<T> {
  /** Throws RehomeError `target-closed` once closed. */
  get(): Promise<T>;
  /** For good; what is open is given to `end`. */
  close(end: (open: T) => void): void;
}

/** `open` is given what to call when what it opened has ended. */
export function onDemand<T>(open: (onEnd: () => void) => Promise<T>): OnDemand<T> {
  let current: Promise<T> | null = null;
  let closed = false;
  return {
    get: () => {
      if (closed) throw new RehomeError("target-closed", "target: the connection was closed");
      if (current !== null) return current;
      const made: Promise<T> = open(forget);
      made.catch(forget);
      current = made;
      return made;

      function forget(): void {
        if (current === made) current = null;
      }
    },
    close: (end) => {
      closed = true;
      current?.then(end, () => undefined);
    },
  };
}
