/** The time of a simulation: it passes when something waits, and jumps when the seed says so. */
export interface Clock {
  /** Wall clock, milliseconds since the epoch. */
  now(): number;
  /** Milliseconds that never jump. */
  monotonicMs(): number;
  pass(ms: number): void;
  /** Sets the wall clock forward, or back. */
  jump(ms: number): void;
  /** How often the wall clock was set. */
  readonly jumps: number;
}

const START_MS = Date.UTC(2026, 10, 22, 8);

export function createClock(): Clock {
  let elapsedMs = 0;
  let offsetMs = START_MS;
  let jumps = 0;
  return {
    now: () => offsetMs + elapsedMs,
    monotonicMs: () => elapsedMs,
    pass(ms) {
      elapsedMs += Math.round(ms);
    },
    jump(ms) {
      offsetMs += ms;
      jumps++;
    },
    get jumps() {
      return jumps;
    },
  };
}
