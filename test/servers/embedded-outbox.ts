import type { Socket } from "node:net";
import { pause } from "./embedded-pause.ts";

/** What is sent on a control connection, in order, late and in pieces where the options ask for it. */
export interface Outbox {
  send(bytes: string | Uint8Array): void;
  /** Resolves when everything sent so far has been handed to the system. */
  flush(): Promise<void>;
}

export interface OutboxOptions {
  /** The socket of the moment: AUTH TLS changes it. */
  socket: () => Socket;
  latencyMs: number;
  chunkBytes: number;
  signal: AbortSignal;
}

export function createOutbox({ socket, latencyMs, chunkBytes, signal }: OutboxOptions): Outbox {
  let tail = Promise.resolve();

  async function deliver(bytes: Buffer, dueAtMs: number): Promise<void> {
    if (latencyMs > 0) await pause(dueAtMs - performance.now(), signal);
    for (let start = 0; start < bytes.length && !signal.aborted; start += chunkBytes) {
      if (start > 0) await new Promise((resolve) => setImmediate(resolve));
      await write(bytes.subarray(start, start + chunkBytes));
    }
  }

  function write(bytes: Buffer): Promise<void> {
    return new Promise((resolve) => {
      const open = socket();
      if (open.destroyed || !open.writable) return resolve();
      open.once("close", resolve);
      open.write(bytes, () => {
        open.off("close", resolve);
        resolve();
      });
    });
  }

  return {
    send(bytes) {
      const copy = Buffer.from(bytes);
      const dueAtMs = performance.now() + latencyMs;
      tail = tail.then(() => deliver(copy, dueAtMs));
    },
    flush: () => tail,
  };
}
