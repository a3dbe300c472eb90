import { createHash } from "node:crypto";
import { askPort, dialData } from "./data.ts";
import type { DigestCommand } from "./features.ts";
import { isRefusal, type Reply } from "./pipeline.ts";
import { type Asking, isUnsupported, refused } from "./query.ts";
import { type RemoteDigest, SiteError } from "./site.ts";
import { startTransfer, transferring } from "./transfer.ts";

/** A slow server reads its disk at this rate, at least, to hash a file. */
const HASHED_BYTES_PER_MS = 5000;
const HEX_DIGITS = { sha1: 40, sha256: 64, md5: 32 } as const;

/**
 * The hash of a file by the server's own command.
 * @returns undefined where the server has none for this file
 */
export async function toldDigest(asking: Asking, path: string, sizeBytes: number): Promise<RemoteDigest | undefined> {
  const { session, capabilities, timeoutMs } = asking;
  for (const digest of capabilities.digests) {
    // These commands take a position after the name: a name with a space would be cut there.
    if (digest.option === undefined && /[ "]/.test(path)) continue;
    const commands = [
      ...(digest.option === undefined ? [] : [{ text: `OPTS HASH ${digest.option}`, expects: [200] }]),
      { text: `${digest.command} ${path}`, expects: [200, 213, 250] },
    ];
    const replies = await session.pipeline.exchange(commands, timeoutMs + sizeBytes / HASHED_BYTES_PER_MS);
    const refusal = replies.find(isRefusal);
    if (refusal) {
      if (isUnsupported(refusal)) capabilities.digests = capabilities.digests.filter((each) => each !== digest);
      continue;
    }
    const hex = hexIn(replies.at(-1), digest);
    if (hex !== undefined) return { algorithm: digest.algorithm, hex, isTold: true };
  }
  return undefined;
}

function hexIn(reply: Reply | undefined, { algorithm }: DigestCommand): string | undefined {
  const digits = HEX_DIGITS[algorithm];
  // A file name may look like a hash: it comes last.
  return new RegExp(`(?<![0-9a-z])[0-9a-f]{${digits}}(?![0-9a-z])`, "i")
    .exec(reply?.lines.join(" ") ?? "")?.[0]
    .toLowerCase();
}

/** Reads a file by RETR and hashes what comes; nothing of it is kept. @throws SiteError unless exactly `sizeBytes` came */
export async function readBack(asking: Asking, path: string, sizeBytes: number): Promise<RemoteDigest> {
  const { session, capabilities, timeoutMs } = asking;
  const hash = createHash("sha1");
  let receivedBytes = 0;
  const { reply, broken } = await transferring(
    session,
    dialData(session, await askPort(session, capabilities)),
    startTransfer(session, `RETR ${path}`),
    async (data) => {
      await data.receive((chunk) => {
        receivedBytes += chunk.length;
        hash.update(chunk);
        // Not every server notices that nobody reads on: the session is given up.
        if (receivedBytes > sizeBytes) session.pipeline.end(otherSize(path, sizeBytes, `more than ${sizeBytes}`));
      });
      return true;
    },
    { timeoutMs, stopsAtVerdict: false, drainMs: () => 0 },
  );
  if (isRefusal(reply)) throw refused(`read "${path}" back`, reply);
  if (broken) {
    throw new SiteError(`Reading "${path}" back broke off: ${broken.message}`, {
      kind: "transient",
      reason: "connection",
      cause: broken,
    });
  }
  if (receivedBytes !== sizeBytes) throw otherSize(path, sizeBytes, String(receivedBytes));
  return { algorithm: "sha1", hex: hash.digest("hex"), isTold: false };
}

function otherSize(path: string, sizeBytes: number, came: string): SiteError {
  return new SiteError(`Cannot read "${path}" back: ${came} bytes came, and the server says it holds ${sizeBytes}`, {
    kind: "transient",
    reason: "size",
  });
}
