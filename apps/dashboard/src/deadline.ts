import { RehomeError } from "@rehome/core";

/** Rejects with RehomeError `queue-silent` where the queue Redis has not done the work in time. */
export async function within(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () =>
        reject(
          new RehomeError("queue-silent", "queue: the server does not answer", { retryable: true }),
        ),
      ms,
    );
  });
  // It may still fail when nobody waits for it any more.
  work.catch(() => undefined);
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}
