import type { Socket } from "node:net";

/** Timers have whole milliseconds: what is due within half of one is on time. */
const TOLERANCE_MS = 0.5;
/** No more is held for a receiver that does not read. */
const HELD_BYTES = 64 * 1024 * 1024;

interface Lane {
  /** Begins: the receiver is asked for one way's time from now, and gets nothing earlier. */
  open(receiver: () => Socket): void;
}

/**
 * One direction of a connection: what `from` receives, its end and its breaking are handed to a receiver later, in
 * order.
 */
export function createLane(from: Socket, oneWayMs: () => number): Lane {
  const waiting: { dueMs: number; deliver: () => void }[] = [];
  let to: Socket | undefined;
  let timer: Timer | undefined;
  let heldBytes = 0;

  function later(deliver: () => void): void {
    const previousMs = waiting.at(-1)?.dueMs ?? 0;
    waiting.push({ dueMs: Math.max(performance.now() + oneWayMs(), previousMs), deliver });
    deliverDue();
  }

  function deliverDue(): void {
    const nowMs = performance.now() + TOLERANCE_MS;
    for (let next = waiting[0]; next !== undefined && next.dueMs <= nowMs; next = waiting[0]) {
      waiting.shift();
      next.deliver();
    }
    const next = waiting[0];
    if (next === undefined || timer !== undefined) return;
    timer = setTimeout(
      () => {
        timer = undefined;
        deliverDue();
      },
      Math.max(0, Math.round(next.dueMs - performance.now())),
    );
  }

  function hand(bytes: Buffer): void {
    if (to === undefined || to.destroyed) return;
    to.write(bytes, () => {
      heldBytes -= bytes.length;
      if (from.isPaused() && heldBytes < HELD_BYTES / 2) from.resume();
    });
  }

  return {
    open(receiver) {
      later(() => {
        to = receiver();
      });
      from.on("data", (bytes: Buffer) => {
        heldBytes += bytes.length;
        if (heldBytes > HELD_BYTES) from.pause();
        later(() => hand(bytes));
      });
      from.once("end", () => later(() => to?.end()));
      from.once("error", () => later(() => to?.destroy()));
    },
  };
}
