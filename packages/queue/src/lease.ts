const RENEW_MS = 500;

/**
 * Renews a lease for as long as `work` lasts. A failure to renew is not reported: the work meets the same failure and
 * reports it.
 */
export async function whileRenewing<T>(
  renew: () => Promise<unknown>,
  work: () => Promise<T>,
): Promise<T> {
  const renewal = setInterval(() => void renew().catch(() => undefined), RENEW_MS);
  try {
    return await work();
  } finally {
    clearInterval(renewal);
  }
}
