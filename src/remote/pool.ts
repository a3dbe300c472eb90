import type { Session } from "./session.ts";
import { SiteError } from "./site.ts";

export interface Pool {
  /** Lends a session to `use`; a session that ended is replaced for the next one. @throws SiteError of connecting, or of `use` */
  with<T>(use: (session: Session) => Promise<T>): Promise<T>;
  /** Lends one that stands idle, which the next to ask for a session will get; undefined when none does. @throws SiteError of `use` */
  withIdle<T>(use: (session: Session) => Promise<T>): Promise<T> | undefined;
  /**
   * Tells how many sessions will be of use: they are opened beside the first as soon as that one stands, and what goes
   * wrong with them is found out by whoever needs one.
   */
  expect(sessions: number): void;
  /** Sessions that may be open at once: what was asked for, or what the server turned out to allow. */
  readonly limit: number;
  /** Ends all sessions at once, lent ones included. The pool can be used again. */
  drop(): void;
}

/** Sessions stay logged in between passes: NOOP as often as this, and not longer than that. */
const NOOP_EVERY_MS = 30_000;
const LONGEST_IDLE_MS = 5 * 60_000;

/**
 * Up to `size` sessions, opened as they are needed.
 * A server that refuses one more while others are open lowers the limit for the rest of the run.
 */
export function createPool(
  open: () => Promise<Session>,
  options: { size: number; now: () => number; onLimit: (limit: number, error: SiteError) => void },
): Pool {
  const idle: Array<{ session: Session; sinceMs: number }> = [];
  const lent = new Set<Session>();
  const waiting: Array<() => void> = [];
  let limit = options.size;
  /** Sessions that are open, and those that are being opened. */
  let standing = 0;
  let opening = 0;
  /** A server refused several that came at once: from then on one at a time, to find its limit exactly. */
  let oneAtATime = false;
  let expected = 0;
  /** What was being opened when all was dropped is closed when it stands. */
  let drops = 0;
  let keeper: ReturnType<typeof setInterval> | undefined;

  function keepAlive(): void {
    keeper ??= setInterval(() => {
      const now = options.now();
      for (const slot of idle.splice(0)) {
        if (slot.session.pipeline.ended || now - slot.sinceMs > LONGEST_IDLE_MS) {
          forget(slot.session);
          continue;
        }
        // Lent to its own NOOP: nobody else may get a session whose reply is still to come.
        slot.session.pipeline.exchange([{ text: "NOOP", expects: [200, 220, 250] }]).then(
          () => give(slot.session, slot.sinceMs),
          () => forget(slot.session),
        );
      }
      if (idle.length === 0 && standing === 0) stopKeeping();
    }, NOOP_EVERY_MS);
    keeper.unref?.();
  }

  function stopKeeping(): void {
    clearInterval(keeper);
    keeper = undefined;
  }

  function give(session: Session, sinceMs: number): void {
    if (session.pipeline.ended) return forget(session);
    idle.push({ session, sinceMs });
    keepAlive();
    waiting.shift()?.();
  }

  function forget(session: Session): void {
    session.close();
    standing--;
    waiting.shift()?.();
  }

  async function take(): Promise<Session> {
    for (;;) {
      for (let slot = idle.pop(); slot; slot = idle.pop()) {
        if (!slot.session.pipeline.ended) return slot.session;
        standing--;
      }
      // The first one goes ahead: what is wrong with the site is found out once.
      const mayOpen = opening === 0 || (standing > 0 && !oneAtATime);
      if (mayOpen && standing + opening < limit) {
        const session = await openOne();
        if (session) return session;
        continue;
      }
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
  }

  /** Undefined when the server takes no further one beside those that stand. @throws SiteError */
  async function openOne(): Promise<Session | undefined> {
    const others = opening++;
    try {
      const session = await open();
      standing++;
      if (oneAtATime) limit = Math.min(options.size, standing + 1);
      return session;
    } catch (error) {
      if (!(error instanceof SiteError) || standing === 0 || !isLimit(error)) throw error;
      const wasAlone = others === 0 && opening === 1;
      limit = standing + (wasAlone ? 0 : 1);
      oneAtATime = true;
      if (wasAlone) options.onLimit(limit, error);
      return undefined;
    } finally {
      opening--;
      openExpected();
      for (const wake of waiting.splice(0)) wake();
    }
  }

  async function lend<T>(session: Session, use: (session: Session) => Promise<T>, sinceMs: () => number): Promise<T> {
    lent.add(session);
    try {
      return await use(session);
    } finally {
      lent.delete(session);
      give(session, sinceMs());
    }
  }

  function openExpected(): void {
    if (standing === 0 || oneAtATime) return;
    const dropsBefore = drops;
    const keep = (session: Session | undefined) => {
      if (!session) return;
      if (drops === dropsBefore) give(session, options.now());
      else forget(session);
    };
    while (standing + opening < Math.min(expected, limit)) {
      openOne().then(keep, () => {
        expected = 0;
      });
    }
  }

  return {
    expect(sessions) {
      expected = sessions;
      openExpected();
    },
    with: async (use) => lend(await take(), use, options.now),
    withIdle(use) {
      const slot = idle.findLast(({ session }) => !session.pipeline.ended);
      if (!slot) return undefined;
      idle.splice(idle.indexOf(slot), 1);
      // What comes to nothing keeps no session alive.
      return lend(slot.session, use, () => slot.sinceMs);
    },
    get limit() {
      return limit;
    },
    drop() {
      expected = 0;
      drops++;
      stopKeeping();
      for (const session of lent) session.close();
      for (const slot of idle.splice(0)) forget(slot.session);
    },
  };
}

const isLimit = (error: SiteError) => error.reason === "connection" && error.kind === "transient";
