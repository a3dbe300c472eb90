import { closeSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { ReadError } from "../../src/detect/content.ts";
import type { Content, UploadJob } from "../../src/remote/site.ts";
import type { LocalTree } from "./local-tree.ts";

/** Reads files for uploads, synchronously: only the seed decides what happens in between. */
export interface Reader {
  /** Makes a job read through here. */
  take(job: UploadJob): UploadJob;
  /** Of a dead process. */
  closeAll(): void;
}

export interface ReaderOptions {
  turn(): void;
  /** Whether the disk refuses an opening, or a reading. */
  fails(): boolean;
  /** How much one reading gives at most. */
  chunkBytes(): number;
}

export function createReader(local: LocalTree, { turn, fails, chunkBytes }: ReaderOptions): Reader {
  const taken = new WeakSet<UploadJob>();
  const open = new Set<() => Promise<void>>();

  function openThrough(job: UploadJob, openReal: () => Promise<Content>): () => Promise<Content> {
    return async () => {
      turn();
      const { path } = job;
      if (fails()) throw new ReadError({ path, reason: "unreadable", detail: `Cannot open "${path}"` });
      const opening = openReal();
      opening.catch(() => {});
      const own = openOwn(path);
      const content = await opening.catch((error) => {
        own?.close();
        throw error;
      });
      if (!own) return content;
      local.reading.add(path);
      const close = async () => {
        if (!open.delete(close)) return;
        local.reading.delete(path);
        own.close();
        await content.close();
      };
      open.add(close);
      return {
        sizeBytes: content.sizeBytes,
        mtimeMs: content.mtimeMs,
        async read(buffer) {
          turn();
          if (fails()) throw new Error("EIO: i/o error, read");
          return own.read(buffer.subarray(0, chunkBytes()));
        },
        isUnchanged() {
          turn();
          return content.isUnchanged();
        },
        close,
      };
    };
  }

  function openOwn(path: string) {
    let descriptor: number;
    try {
      descriptor = openSync(join(local.folder, path), "r");
    } catch {
      return undefined;
    }
    return {
      read: (buffer: Uint8Array) => readSync(descriptor, buffer, 0, buffer.length, null),
      close: () => closeSync(descriptor),
    };
  }

  return {
    take(job) {
      if (!taken.has(job)) {
        taken.add(job);
        job.open = openThrough(job, job.open);
      }
      return job;
    },
    closeAll() {
      for (const close of [...open]) void close();
    },
  };
}
