import { once } from "node:events";
import type { Socket } from "node:net";
import type { Misbehaviour, Step } from "./embedded-faults.ts";

/** Hands `source` on, and carries each step out exactly after the bytes it is due at. */
export async function* withSteps(
  source: AsyncIterable<Buffer>,
  steps: Misbehaviour["during"],
  suffer: (steps: Step[]) => Promise<void>,
): AsyncGenerator<Buffer> {
  const waiting = [...steps];
  let passedBytes = 0;

  async function sufferDue(): Promise<void> {
    const due = waiting.filter(({ afterBytes }) => afterBytes <= passedBytes).map(({ step }) => step);
    waiting.splice(0, due.length);
    await suffer(due);
  }

  await sufferDue();
  for await (const chunk of source) {
    for (let rest = chunk; rest.length > 0; ) {
      const piece = rest.subarray(0, (waiting[0]?.afterBytes ?? Number.POSITIVE_INFINITY) - passedBytes);
      rest = rest.subarray(piece.length);
      passedBytes += piece.length;
      yield piece;
      await sufferDue();
    }
  }
}

/** Sends all of `source` and waits until the client has closed too: a close with bytes unread would reset the tail away. */
export async function sendAll(socket: Socket, source: AsyncIterable<Buffer>): Promise<void> {
  const gone = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  for await (const piece of source) {
    if (socket.destroyed) throw Object.assign(new Error("the client closed the data connection"), { code: "EPIPE" });
    if (!socket.write(piece)) await Promise.race([once(socket, "drain"), gone]);
  }
  socket.resume();
  socket.end();
  await Promise.race([gone, new Promise((resolve) => setTimeout(resolve, CLOSE_PATIENCE_MS).unref())]);
}

const CLOSE_PATIENCE_MS = 2000;
