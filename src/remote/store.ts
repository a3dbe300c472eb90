import type { DataConnection } from "./connection.ts";
import type { Reply, Transfer } from "./pipeline.ts";
import type { Session } from "./session.ts";
import { asError, transferring } from "./transfer.ts";

/** What the system's buffers may hold of a file that counts as sent: a slow server gets time to drain it. */
const BUFFERED_BYTES = 4 * 1024 * 1024;
const FIRST_CHUNK_BYTES = 256 * 1024;
/** Each costs a turn of the event loop and one of the thread that reads: large files go in large ones. */
const LARGEST_CHUNK_BYTES = 1024 * 1024;
const QUICK_CHUNK_MS = 50;
const SLOW_WRITE_MS = 1000;
const SLOWEST_CHUNK_BYTES = 8 * 1024;

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
