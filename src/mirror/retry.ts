import { SiteError } from "../remote/site.ts";

export interface Patience {
  /** Tries after the first. */
  retries: number;
  sleep(ms: number): Promise<void>;
  /** Milliseconds that never jump, from any start. */
  monotonicMs(): number;
  /** 0 ≤ x < 1. */
  random(): number;
  /** Whether somebody wants the run to end. */
  isStopped(): boolean;
}

const FIRST_DELAY_MS = 300;
const LONGEST_DELAY_MS = 10_000;

/** Doubling delays with jitter, so that several sessions that lost their server do not come back at once. */
export function delayMs(attempt: number, random: () => number): number {
  return Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** attempt) * (0.5 + random());
}

/** Whether trying again in a moment can help. */
export function isWorthRetrying(error: unknown): error is SiteError {
  return error instanceof SiteError && (error.kind === "transient" || error.kind === "unknown");
}

/**
 * Runs `attempt` until it succeeds, fails for good, or the retries are used up.
 * @throws what the last attempt threw
 */
export async function withRetries<T>(
  attempt: () => Promise<T>,
  patience: Patience,
  onRetry: (error: SiteError, tryNumber: number) => void,
): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (!isWorthRetrying(error) || tries >= patience.retries || patience.isStopped()) throw error;
      onRetry(error, tries + 1);
      await patience.sleep(delayMs(tries, patience.random));
    }
  }
}
