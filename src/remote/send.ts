import { createHash, type Hash } from "node:crypto";
import type { DataConnection } from "./connection.ts";
import { isRefusal, type Reply, type Transfer } from "./pipeline.ts";
import { refused } from "./query.ts";
import type { Session } from "./session.ts";
import { type Content, SiteError, type UploadJob } from "./site.ts";
import { store } from "./store.ts";
import type { UploadTools } from "./temporary.ts";

const SKIPPED_CHUNK_BYTES = 256 * 1024;

/** A STOR or APPE that has been asked for, and the data connection for it. */
export interface Storing {
  transfer: Transfer;
  data: Promise<DataConnection>;
  /** The bytes go out before the server has asked for them. */
  isEarly?: boolean;
}

/** What went out. */
export interface Sent {
  sizeBytes: number;
  sha1: string;
}

/** Reads what the server holds already: its bytes belong to the SHA-1 all the same. */
async function skip(job: UploadJob, content: Content, hash: Hash, offsetBytes: number): Promise<void> {
  const buffer = Buffer.allocUnsafe(SKIPPED_CHUNK_BYTES);
  for (let left = offsetBytes; left > 0; ) {
    let length: number;
    try {
      length = await content.read(buffer.subarray(0, Math.min(left, buffer.length)));
    } catch (error) {
      throw unreadable(job, error instanceof Error ? error : new Error(String(error)));
    }
    if (length === 0) return;
    hash.update(buffer.subarray(0, length));
    left -= length;
  }
}

/**
 * Sends a file to its temporary name.
 * @param start asks for STOR, or for APPE after `offsetBytes` that are there already
 * @throws SiteError when not every byte went out, or the file did not stay the same meanwhile
 */
export async function send(
  session: Session,
  start: () => Storing | Promise<Storing>,
  job: UploadJob,
  content: Content,
  options: { offsetBytes: number; timeoutMs: number; admit: UploadTools["admit"] },
): Promise<Sent> {
  const { offsetBytes, timeoutMs, admit } = options;
  const hash = createHash("sha1");
  // Before the data connection is opened: hashing gigabytes takes longer than a server keeps an idle one.
  if (offsetBytes > 0) await skip(job, content, hash, offsetBytes);
  let sentBytes = offsetBytes;
  const { transfer, data, isEarly } = await start();
  const stored = await store(session, data, transfer, content, {
    timeoutMs,
    isEarly: isEarly === true,
    admit,
    onChunk(chunk) {
      hash.update(chunk);
      sentBytes += chunk.length;
      job.onProgress?.(sentBytes);
    },
  });
  if (stored.readError) throw unreadable(job, stored.readError);
  if (isRefusal(stored.reply)) throw refused(`store "${job.path}"`, stored.reply, remedyOf(stored.reply));
  if (!stored.whole) {
    throw new SiteError(
      `The transfer of "${job.path}" broke off: ${stored.broken?.message ?? "the server ended it early"}`,
      {
        kind: "transient",
        reason: stored.broken instanceof SiteError ? stored.broken.reason : "connection",
        code: stored.reply.code,
        cause: stored.broken,
      },
    );
  }
  if (sentBytes !== content.sizeBytes || !(await content.isUnchanged())) {
    throw new SiteError(`"${job.path}" changed while it was sent: it is sent again`, {
      kind: "transient",
      reason: "changed",
    });
  }
  return { sizeBytes: sentBytes, sha1: hash.digest("hex") };
}

/** RFC 959 §4.2.2: 550 is about access, 553 about the name; servers say either when the folder may not be written. */
function remedyOf({ code }: Reply): string | undefined {
  if (code !== 550 && code !== 553) return undefined;
  return "Check that the account may write in that folder of the server";
}

function unreadable({ path }: UploadJob, cause: Error): SiteError {
  return new SiteError(`Cannot read "${path}" to its end: ${cause.message}`, {
    kind: "permanent",
    reason: "unreadable",
    cause,
  });
}

/** The gate before the rename: "all bytes sent" proves nothing. @throws SiteError "size" */
export function checkArrived(job: UploadJob, { sizeBytes }: Sent, arrived: number | undefined | "unknown"): void {
  if (arrived === sizeBytes || arrived === "unknown") return;
  throw new SiteError(
    `Cannot store "${job.path}": ${sizeBytes} bytes were sent, the server holds ${arrived === undefined ? "nothing" : `${arrived} bytes`}`,
    { kind: "transient", reason: "size" },
  );
}
