import { tracingChannel } from "node:diagnostics_channel";

/** A step as its subscribers are told of it. */
export interface Step {
  readonly name: string;
}

const steps = tracingChannel<unknown, Step>("rehome:step");

/**
 * Does one step of planning or of copying a chunk, and says on the diagnostics channels
 * `tracing:rehome:step:start` and `…:asyncEnd` that it begins and that it has ended. Costs next to nothing
 * where nobody listens.
 */
export async function step<T>(name: string, work: () => Promise<T>): Promise<T> {
  return await steps.tracePromise(work, { name });
}

/** The same for each item of something that is read step by step. */
export async function* stepThrough<T>(name: string, items: AsyncIterable<T>): AsyncGenerator<T> {
  const iterator = items[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await step(name, () => iterator.next());
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    await iterator.return?.();
  }
}
