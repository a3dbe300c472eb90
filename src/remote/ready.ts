import type { DataLine } from "./connection.ts";
import { type DataWay, dialLine } from "./data.ts";
import type { Session } from "./session.ts";

/** How long it waits for its transfer: what stands in between (NAT, firewalls) forgets a silent connection at some time. */
const LONGEST_WAIT_MS = 5000;
/** One that has waited so long is not kept for another tick. */
const YOUNG_MS = 2000;

/** A data connection that was dialled before anybody knew what for. */
export interface ReadyData {
  /** It will still do at the next tick. */
  readonly isYoung: boolean;
  /** For the transfer whose command goes out now; undefined when it did not last. */
  take(): DataWay | undefined;
  drop(): void;
}

/**
 * Dials `port`, which the server has just named, and keeps the connection with the session for a few seconds.
 * @param onUnused no transfer came
 */
export function keepReady(session: Session, port: number, onUnused: () => void): void {
  session.ready?.drop();
  const sinceMs = performance.now();
  const ageMs = () => performance.now() - sinceMs;
  const dialling = dialLine(session, port);
  let line: DataLine | undefined;
  let isDropped = false;
  const timer = setTimeout(drop, LONGEST_WAIT_MS);
  timer.unref();
  const ready: ReadyData = {
    get isYoung() {
      return ageMs() < YOUNG_MS && line?.isFresh !== false;
    },
    take() {
      // One that is still being dialled may be waited for as well as another.
      if (ageMs() > LONGEST_WAIT_MS || line?.isFresh === false) {
        drop();
        return undefined;
      }
      leave();
      return { open: async () => (await dialling).open(), isReady: true };
    },
    drop,
  };
  session.ready = ready;
  dialling.then(
    (dialled) => {
      line = dialled;
      if (isDropped) dialled.destroy();
    },
    // One that a transfer waits for tells it itself.
    () => session.ready === ready && drop(),
  );

  function leave(): void {
    clearTimeout(timer);
    if (session.ready === ready) session.ready = undefined;
  }

  function drop(): void {
    leave();
    isDropped = true;
    line?.destroy();
    onUnused();
  }
}
