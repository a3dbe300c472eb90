import type { DataLine } from "./connection.ts";
import { type DataWay, dialLine } from "./data.ts";
import type { Asking } from "./query.ts";
import type { Session } from "./session.ts";
import { SiteError } from "./site.ts";
import type { UploadTools } from "./temporary.ts";

/** How long it waits for its transfer: what stands in between (NAT, firewalls) forgets a silent connection at some time. */
const LONGEST_WAIT_MS = 5000;
/** One that has waited so long is not kept for another tick. */
const YOUNG_MS = 2000;
/** Replies to a transfer command that speak of its data connection. */
const WITHOUT_DATA = [425, 426];

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

/** When a transfer failed because its data connection had waited, none waits any more. */
export function blameReady({ capabilities }: Asking, error: unknown, tools: Pick<UploadTools, "degrade">): void {
  if (!(error instanceof SiteError) || !capabilities.holdsData) return;
  const { kind, reason, code } = error;
  const isData = kind === "transient" && (reason === "connection" || reason === "tls");
  // A session that is simply gone says nothing of it.
  const isStumble = reason === "timeout" || (kind === "unknown" && code !== undefined && code !== 421);
  if (!isData && !isStumble && !WITHOUT_DATA.includes(code ?? 0)) return;
  capabilities.holdsData = false;
  tools.degrade(`A data connection that was opened beforehand was of no use (${error.message}): none is any more`);
}
