import type { Socket } from "node:net";
import { openData } from "./data.ts";
import type { Capabilities } from "./features.ts";
import { isRefusal, type Reply } from "./pipeline.ts";
import type { Session } from "./session.ts";
import { SiteError } from "./site.ts";

/** What the system's buffers may hold of a file that counts as sent: a slow server gets time to drain it. */
const BUFFERED_BYTES = 4 * 1024 * 1024;
/** How long a verdict may lag behind a broken data connection. */
const VERDICT_AFTER_BREAK_MS = 10_000;
const SLOW_WRITE_MS = 1000;
const SLOWEST_CHUNK_BYTES = 8 * 1024;
const LARGEST_LISTING_BYTES = 64 * 1024 * 1024;

/**
 * Carries out one transfer over a fresh data connection; the connection never outlives it. The command is written at
 * once, also where the connection is still being opened.
 * An upload stops when the verdict comes early; a listing is read to its end whatever came first.
 */
export async function transferring<T>(
  session: Session,
  opening: Promise<Socket>,
  command: string,
  carry: (data: Socket) => Promise<T>,
  options: { timeoutMs: number; stopsAtVerdict: boolean; drainMs: () => number },
): Promise<{ reply: Reply; carried: T | undefined; broken: Error | undefined }> {
  let plain: Socket | undefined;
  let data: Socket | undefined;
  // A data connection that breaks says nothing yet: the verdict on the control connection does.
  let broken: Error | undefined;
  const onError = (error: Error) => {
    broken ??= error;
  };
  const transfer = session.pipeline.transfer({ text: command, expects: [226, 250] });
  try {
    try {
      plain = await opening;
    } catch (error) {
      // A server that refuses the command at once closes its port with it: the refusal is what counts.
      transfer.awaitVerdict(Math.min(options.timeoutMs, VERDICT_AFTER_BREAK_MS));
      const refusal = await transfer.started;
      if (!isRefusal(refusal)) throw error;
      return { reply: refusal, carried: undefined, broken };
    }
    data = plain;
    plain.on("error", onError);
    const started = await transfer.started;
    if (isRefusal(started)) return { reply: started, carried: undefined, broken };
    let carried: T | undefined;
    let carrying: Promise<T> | undefined;
    try {
      if (session.encrypted) {
        data = await session.secureData(plain);
        data.on("error", onError);
      }
      carrying = carry(data);
      const stop = transfer.finished.then((verdict) =>
        options.stopsAtVerdict || isRefusal(verdict) ? undefined : carrying,
      );
      carried = await Promise.race([carrying, stop]);
    } catch (error) {
      broken ??= error instanceof Error ? error : new Error(String(error));
    }
    if (broken || carried === undefined) data.destroy();
    await carrying?.catch(() => {});
    if (broken instanceof SiteError && broken.kind === "fatal") throw broken;
    const patienceMs = broken ? Math.min(options.timeoutMs, VERDICT_AFTER_BREAK_MS) : options.timeoutMs;
    transfer.awaitVerdict(patienceMs + (broken ? 0 : options.drainMs()));
    return { reply: await transfer.finished, carried, broken };
  } catch (error) {
    // Whatever interrupts a transfer leaves its verdict to come: no other command may meet it.
    session.pipeline.end(error instanceof Error ? error : new Error(String(error)));
    throw error;
  } finally {
    data?.destroy();
    plain?.destroy();
  }
}

/** Where the bytes of an upload come from. */
export interface Source {
  /** Reads the next bytes into `buffer`; 0 at the end. Errors end the transfer, not the session. */
  read(buffer: Uint8Array): Promise<number>;
}

export interface Stored {
  reply: Reply;
  sentBytes: number;
  /** All bytes were handed to the network and nothing broke: worth asking for the size. */
  whole: boolean;
  /** The local read that failed, if one did. */
  readError: Error | undefined;
  broken: Error | undefined;
}

/**
 * Sends `source` by `command` (STOR or APPE) over a connection that is open or opening. Resolves with the server's
 * verdict, a refusal included.
 */
export async function store(
  session: Session,
  opening: Promise<Socket>,
  command: string,
  source: Source,
  options: {
    timeoutMs: number;
    chunkBytes: number;
    /** Waits until so many more bytes may be sent. */
    admit: (bytes: number) => Promise<void>;
    onChunk: (chunk: Uint8Array) => void;
  },
): Promise<Stored> {
  let sentBytes = 0;
  let readError: Error | undefined;
  const startedAt = performance.now();
  const result = await transferring(
    session,
    opening,
    command,
    async (data) => {
      // Unread TLS tickets would turn the closing into a reset, and the tail of the file could be lost.
      data.resume();
      let { chunkBytes } = options;
      for (;;) {
        // A fresh buffer each time: the socket keeps the one it was given until it has sent it.
        const buffer = Buffer.allocUnsafe(chunkBytes);
        let length: number;
        try {
          length = await source.read(buffer);
        } catch (error) {
          readError = error instanceof Error ? error : new Error(String(error));
          break;
        }
        if (length === 0) break;
        const chunk = buffer.subarray(0, length);
        options.onChunk(chunk);
        await options.admit(length);
        const writtenAt = performance.now();
        await write(data, chunk, options.timeoutMs);
        // On a slow line a chunk must pass within the time-out.
        if (performance.now() - writtenAt > SLOW_WRITE_MS) chunkBytes = Math.max(SLOWEST_CHUNK_BYTES, chunkBytes / 2);
        sentBytes += length;
      }
      await finish(data, options.timeoutMs);
      return true;
    },
    {
      timeoutMs: options.timeoutMs,
      stopsAtVerdict: true,
      drainMs() {
        const perMs = sentBytes / Math.max(1, performance.now() - startedAt);
        const pending = Math.min(sentBytes, BUFFERED_BYTES);
        return perMs > 0 ? Math.min(10 * options.timeoutMs, pending / perMs) : 0;
      },
    },
  );
  return {
    reply: result.reply,
    sentBytes,
    whole: result.carried === true && !result.broken && !readError,
    readError,
    broken: result.broken,
  };
}

function write(data: Socket, chunk: Uint8Array, timeoutMs: number): Promise<void> {
  if (data.destroyed) return Promise.reject(new Error("the data connection was closed"));
  if (data.write(chunk)) return Promise.resolve();
  return settled(data, "drain", timeoutMs);
}

function finish(data: Socket, timeoutMs: number): Promise<void> {
  if (data.destroyed) return Promise.reject(new Error("the data connection was closed"));
  const finished = settled(data, "finish", timeoutMs);
  data.end();
  return finished;
}

/** Waits for `event`; a closed or broken connection, or no progress in time, rejects. */
function settled(data: Socket, event: "drain" | "finish", timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (error?: Error) => {
      clearTimeout(timer);
      data.off(event, onEvent).off("close", onClose).off("error", done);
      if (error) reject(error);
      else resolve();
    };
    const onEvent = () => done();
    const onClose = () => done(new Error("the data connection was closed"));
    const timer = setTimeout(() => done(new Error(`the server took no data for ${timeoutMs / 1000} s`)), timeoutMs);
    data.once(event, onEvent).once("close", onClose).once("error", done);
  });
}

/** The text of a listing. @throws SiteError when it did not come over whole. */
export async function retrieve(
  session: Session,
  capabilities: Capabilities,
  command: string,
  timeoutMs: number,
): Promise<{ reply: Reply; text: string }> {
  const { reply, carried, broken } = await transferring(
    session,
    Promise.resolve(await openData(session, capabilities)),
    command,
    (data) => readAll(data, timeoutMs),
    { timeoutMs, stopsAtVerdict: false, drainMs: () => 0 },
  );
  if (isRefusal(reply)) return { reply, text: "" };
  if (broken) {
    throw new SiteError(`A listing broke off: ${broken.message}`, {
      kind: "transient",
      reason: "connection",
      cause: broken,
    });
  }
  return { reply, text: Buffer.concat(carried ?? []).toString("utf8") };
}

function readAll(data: Socket, timeoutMs: number): Promise<Buffer[]> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    const done = (error?: Error) => {
      clearTimeout(timer);
      if (error) reject(error);
      else resolve(chunks);
    };
    const timer = setTimeout(() => done(new Error("no data in time")), timeoutMs);
    data.on("data", (chunk: Buffer) => {
      timer.refresh();
      sizeBytes += chunk.length;
      chunks.push(chunk);
      if (sizeBytes > LARGEST_LISTING_BYTES) done(new Error("the listing is larger than any honest one"));
    });
    data.once("end", () => done());
    data.once("error", done);
    data.once("close", () => done());
  });
}
