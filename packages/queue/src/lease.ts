const RENEW_MS = 500;

/**
 * Renews a lease for as long as `work` lasts. What goes wrong with renewing goes wrong with the work as well, and is
 * told there.
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
