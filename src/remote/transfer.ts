import type { DataConnection } from "./connection.ts";
import { askPort, dialData, portOf, refusedPassive, unanswered } from "./data.ts";
import type { Capabilities } from "./features.ts";
import { isRefusal, type Reply, type Transfer } from "./pipeline.ts";
import type { Session } from "./session.ts";
import { SiteError } from "./site.ts";

/** What the system's buffers may hold of a file that counts as sent: a slow server gets time to drain it. */
const BUFFERED_BYTES = 4 * 1024 * 1024;
/** How long a verdict may lag behind a broken data connection. */
const VERDICT_AFTER_BREAK_MS = 10_000;
/** RFC 959 §4.2.1: Can't open data connection. */
const NO_DATA_CONNECTION = 425;
const FIRST_CHUNK_BYTES = 256 * 1024;
/** Each costs a turn of the event loop and one of the thread that reads: large files go in large ones. */
const LARGEST_CHUNK_BYTES = 1024 * 1024;
const QUICK_CHUNK_MS = 50;
const SLOW_WRITE_MS = 1000;
const SLOWEST_CHUNK_BYTES = 8 * 1024;
const LARGEST_LISTING_BYTES = 64 * 1024 * 1024;
const LONGEST_LISTING_LINES = 1_000_000;
/** What must come of a listing in twice the time-out, lest a server that drips keeps a pass for ever. */
const SLOWEST_LISTING_BYTES = 1024;

type Opened = { data: DataConnection } | { failure: Error } | { refusal: Reply };

/** Writes the command of a transfer; it may be written while the data connection is still being opened. */
export function startTransfer({ pipeline }: Session, command: string): Transfer {
  return pipeline.transfer({ text: command, expects: [226, 250] });
}

/**
 * Carries out one transfer over a fresh data connection; the connection never outlives it.
 * An upload stops when the verdict comes early; a listing is read to its end whatever came first.
 * @param options `isEarly`: bytes go out before the server has asked for them
 */
export async function transferring<T>(
  session: Session,
  opening: Promise<DataConnection>,
  transfer: Transfer,
  carry: (data: DataConnection) => Promise<T>,
  options: { timeoutMs: number; stopsAtVerdict: boolean; isEarly?: boolean; drainMs: () => number },
): Promise<{ reply: Reply; carried: T | undefined; broken: Error | undefined }> {
  // A data connection that breaks says nothing yet: the verdict on the control connection does.
  let broken: Error | undefined;
  const afterBreakMs = Math.min(options.timeoutMs, VERDICT_AFTER_BREAK_MS);
  try {
    const opened = await Promise.race([
      opening.then(
        (data): Opened => ({ data }),
        (error: unknown): Opened => ({ failure: asError(error) }),
      ),
      refusalOf(transfer),
    ]);
    if ("refusal" in opened) {
      const { refusal } = opened;
      const silent = refusal.code === NO_DATA_CONNECTION ? session.unansweredPort() : undefined;
      if (silent !== undefined) throw unanswered(silent, refusal);
      return { reply: refusal, carried: undefined, broken };
    }
    if ("failure" in opened) {
      const { failure } = opened;
      if (failure instanceof SiteError && failure.kind === "fatal") throw failure;
      // A server that refuses the command at once closes its port with it: the refusal is what counts, unless all it
      // says is that nobody came to its port.
      transfer.awaitVerdict(afterBreakMs);
      const reply = await transfer.finished.catch(() => Promise.reject(failure));
      if (reply.code === NO_DATA_CONNECTION) throw failure;
      return { reply, carried: undefined, broken: failure };
    }
    const { data } = opened;
    const started = options.isEarly ? undefined : await transfer.started;
    if (started && isRefusal(started)) return { reply: started, carried: undefined, broken };
    let carried: T | undefined;
    let carrying: Promise<T> | undefined;
    try {
      carrying = carry(data);
      const stop = transfer.finished.then((verdict) =>
        options.stopsAtVerdict || isRefusal(verdict) ? undefined : carrying,
      );
      carried = await Promise.race([carrying, stop]);
    } catch (error) {
      broken = asError(error);
    }
    if (broken || carried === undefined) data.destroy();
    await carrying?.catch(() => {});
    transfer.awaitVerdict(broken ? afterBreakMs : options.timeoutMs + options.drainMs());
    return { reply: await transfer.finished, carried, broken };
  } catch (error) {
    // Whatever interrupts a transfer leaves its verdict to come: no other command may meet it.
    session.pipeline.end(asError(error));
    throw error;
  } finally {
    opening.then(
      (data) => data.destroy(),
      () => {},
    );
  }
}

/** Resolves when a transfer is refused before it begins, or given up for want of a data connection; else never. */
async function refusalOf({ started, finished }: Transfer): Promise<Opened> {
  const reply = await started;
  if (isRefusal(reply)) return { refusal: reply };
  // Some servers say 150 before anybody has come to their port.
  const verdict = await finished.catch(() => undefined);
  return verdict?.code === NO_DATA_CONNECTION ? { refusal: verdict } : new Promise(() => {});
}

const asError = (error: unknown) => (error instanceof Error ? error : new Error(String(error)));

/** Where the bytes of an upload come from. */
export interface Source {
  sizeBytes: number;
  /** Reads the next bytes into `buffer`; 0 at the end. Errors end the transfer, not the session. */
  read(buffer: Uint8Array): number | Promise<number>;
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

/** Buffers that no transfer uses now, for small files and for large: as many as there ever were at once. */
const buffers = { small: [] as Uint8Array[], large: [] as Uint8Array[] };

/**
 * Sends `source` by a STOR or APPE over a connection that is open or opening. Resolves with the server's
 * verdict, a refusal included.
 */
export async function store(
  session: Session,
  opening: Promise<DataConnection>,
  transfer: Transfer,
  source: Source,
  options: {
    timeoutMs: number;
    isEarly: boolean;
    /** Waits until so many more bytes may be sent; undefined when there is nothing to wait for. */
    admit: (bytes: number) => Promise<void> | undefined;
    onChunk: (chunk: Uint8Array) => void;
  },
): Promise<Stored> {
  let sentBytes = 0;
  let readError: Error | undefined;
  const startedAt = performance.now();

  async function carry(data: DataConnection): Promise<true> {
    const isLarge = source.sizeBytes > FIRST_CHUNK_BYTES;
    const spare = isLarge ? buffers.large : buffers.small;
    const buffer = spare.pop() ?? new Uint8Array(isLarge ? LARGEST_CHUNK_BYTES : FIRST_CHUNK_BYTES);
    let chunkBytes = FIRST_CHUNK_BYTES;
    try {
      do {
        let length: number;
        try {
          length = await source.read(buffer.subarray(0, chunkBytes));
        } catch (error) {
          readError = asError(error);
          break;
        }
        if (length === 0) break;
        const chunk = buffer.subarray(0, length);
        options.onChunk(chunk);
        const admittedAt = performance.now();
        await options.admit(length);
        const writtenAt = performance.now();
        await data.write(chunk);
        const now = performance.now();
        // On a slow line a chunk must pass within the time-out.
        if (now - writtenAt > SLOW_WRITE_MS) chunkBytes = Math.max(SLOWEST_CHUNK_BYTES, chunkBytes / 2);
        else if (now - admittedAt < QUICK_CHUNK_MS) chunkBytes = Math.min(buffer.length, chunkBytes * 2);
        sentBytes += length;
        // A file that grew meanwhile is told by its size, not by another read.
      } while (sentBytes < source.sizeBytes);
      await data.finish();
      return true;
    } finally {
      spare.push(buffer);
    }
  }

  const result = await transferring(session, opening, transfer, carry, {
    timeoutMs: options.timeoutMs,
    stopsAtVerdict: true,
    isEarly: options.isEarly,
    drainMs() {
      const perMs = sentBytes / Math.max(1, performance.now() - startedAt);
      const pending = Math.min(sentBytes, BUFFERED_BYTES);
      return perMs > 0 ? Math.min(10 * options.timeoutMs, pending / perMs) : 0;
    },
  });
  return {
    reply: result.reply,
    sentBytes,
    whole: result.carried === true && !result.broken && !readError,
    readError,
    broken: result.broken,
  };
}

/** The text of a listing. @throws SiteError when it did not come over whole. */
export async function retrieve(
  session: Session,
  capabilities: Capabilities,
  command: string,
  timeoutMs: number,
): Promise<{ reply: Reply; text: string }> {
  const isAtOnce = capabilities.listsAtOnce;
  const { transfer, data } = await startListing(session, capabilities, command);
  const carrying = transferring(session, data, transfer, (each) => readAll(each, timeoutMs), {
    timeoutMs,
    stopsAtVerdict: false,
    drainMs: () => 0,
  });
  const { reply, carried, broken } = await carrying.catch((error) => {
    // Perhaps over two commands in one write.
    capabilities.listsAtOnce = false;
    throw error;
  });
  // It was refused for want of a port.
  if (isRefusal(reply) && isAtOnce && !capabilities.listsAtOnce)
    return retrieve(session, capabilities, command, timeoutMs);
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

/** In one write with the question for a port, where the server is known to answer that. @throws SiteError */
async function startListing(
  session: Session,
  capabilities: Capabilities,
  command: string,
): Promise<{ transfer: Transfer; data: Promise<DataConnection> }> {
  if (!capabilities.epsv || !capabilities.listsAtOnce) {
    const data = dialData(session, await askPort(session, capabilities));
    return { transfer: startTransfer(session, command), data };
  }
  session.ready?.drop();
  return session.pipeline.together(() => {
    const asked = session.pipeline.exchange([{ text: "EPSV", expects: [229] }]);
    const dial = async () => {
      const [passive] = await asked;
      const port = portOf(passive);
      if (port !== undefined) return dialData(session, port);
      capabilities.listsAtOnce = false;
      throw refusedPassive(passive);
    };
    const data = dial();
    // Looked at later.
    data.catch(() => {});
    return { transfer: startTransfer(session, command), data };
  });
}

async function readAll(data: DataConnection, timeoutMs: number): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  let lines = 0;
  let seenBytes = 0;
  let isTooSlow = false;
  const pace = setInterval(() => {
    isTooSlow = sizeBytes - seenBytes < SLOWEST_LISTING_BYTES;
    seenBytes = sizeBytes;
    if (isTooSlow) data.destroy();
  }, 2 * timeoutMs);
  try {
    await data.receive((chunk) => {
      sizeBytes += chunk.length;
      for (let at = chunk.indexOf(LINE_FEED); at >= 0; at = chunk.indexOf(LINE_FEED, at + 1)) lines++;
      const isTooLarge = sizeBytes > LARGEST_LISTING_BYTES || lines > LONGEST_LISTING_LINES;
      if (isTooLarge) throw new Error("the listing is larger than any honest one");
      chunks.push(chunk);
    });
  } catch (error) {
    if (!isTooSlow) throw error;
  } finally {
    clearInterval(pace);
  }
  if (isTooSlow) throw new Error("the listing comes slower than any honest one");
  return chunks;
}

const LINE_FEED = 0x0a;
