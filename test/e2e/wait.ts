import { PATIENCE_MS } from "../patience.ts";

const POLL_MS = 25;

/**
 * Waits until `isDone()` holds, looking often. Throws after `deadlineMs` with what was waited for and what
 * `state()` tells.
 */
export async function waitFor(
  what: string,
  isDone: () => boolean | Promise<boolean>,
  { deadlineMs = PATIENCE_MS, state }: { deadlineMs?: number; state?: () => string } = {},
): Promise<void> {
  const endMs = performance.now() + deadlineMs;
  while (!(await isDone())) {
    if (performance.now() > endMs) {
      const found = state === undefined ? "" : `. ${state()}`;
      throw new Error(`Waited ${deadlineMs / 1000} s for this in vain: ${what}${found}`);
    }
    await Bun.sleep(POLL_MS);
  }
}
