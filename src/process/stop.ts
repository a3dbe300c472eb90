import type { ExitCode } from "../report/exit.ts";

/** How long the operation in flight may take to end after a stop was asked for. */
const GRACE_MS = 5000;

/** One wish to end, however it came: a signal or `miroir stop`. */
export interface Stop {
  readonly isRequested: boolean;
  /** The exit code of an interrupted pass. */
  readonly code: ExitCode | undefined;
  readonly cause: string | undefined;
  /** A second request exits at once. */
  request(cause: string, code: ExitCode): void;
  /** Called at the first request. */
  onRequest(callback: () => void): void;
  /** Called when the operation in flight has had its time. */
  onGraceOver(callback: () => void): void;
  /** Sleeps, but not beyond a request. */
  sleep(ms: number): Promise<void>;
  /** Sleeps, but not beyond the time that the operation in flight has after a request. */
  sleepInGrace(ms: number): Promise<void>;
  /** Called before each sleep. */
  onSleep(callback: (ms: number) => void): void;
}

export function createStop(exit: (code: ExitCode) => void = process.exit): Stop {
  let cause: string | undefined;
  let code: ExitCode | undefined;
  let isGraceOver = false;
  const wakers = new Set<() => void>();
  const lateWakers = new Set<() => void>();
  const requested = new Set<() => void>();
  const graceOver = new Set<() => void>();
  const sleeping = new Set<(ms: number) => void>();

  return {
    get isRequested() {
      return cause !== undefined;
    },
    get code() {
      return code;
    },
    get cause() {
      return cause;
    },
    request(newCause, newCode) {
      if (cause !== undefined) return exit(newCode);
      cause = newCause;
      code = newCode;
      for (const wake of wakers) wake();
      for (const callback of requested) callback();
      setTimeout(() => {
        isGraceOver = true;
        for (const wake of lateWakers) wake();
        for (const callback of graceOver) callback();
      }, GRACE_MS).unref();
    },
    onRequest(callback) {
      requested.add(callback);
    },
    onGraceOver(callback) {
      graceOver.add(callback);
    },
    onSleep(callback) {
      sleeping.add(callback);
    },
    sleep(ms) {
      for (const callback of sleeping) callback(ms);
      return cause === undefined ? sleepAmong(wakers, ms) : Promise.resolve();
    },
    sleepInGrace: (ms) => (isGraceOver ? Promise.resolve() : sleepAmong(lateWakers, ms)),
  };
}

/** Sleeps until one of `wakers` is called. */
function sleepAmong(wakers: Set<() => void>, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer);
      wakers.delete(wake);
      resolve();
    };
    const timer = setTimeout(wake, ms);
    wakers.add(wake);
  });
}
