/**
 * One rate for all sessions: each chunk waits until those before it have had their time.
 * @param bytesPerSecond `Infinity` for no limit
 */
export function createAdmission(
  bytesPerSecond: number,
  monotonicMs: () => number,
  sleep: (ms: number) => Promise<void>,
): (bytes: number) => Promise<void> | undefined {
  let freeAtMs = 0;
  return (bytes) => {
    if (bytesPerSecond === Number.POSITIVE_INFINITY) return undefined;
    const now = monotonicMs();
    const startMs = Math.max(now, freeAtMs);
    freeAtMs = startMs + (bytes / bytesPerSecond) * 1000;
    return startMs > now ? sleep(startMs - now) : undefined;
  };
}
