import type { DataConnection } from "./connection.ts";
import { askExtendedPort, askPort, dialData } from "./data.ts";
import type { Capabilities } from "./features.ts";
import { isRefusal, type Reply, SessionEnded, type Transfer } from "./pipeline.ts";
import type { Session } from "./session.ts";
import { SiteError } from "./site.ts";
import { startTransfer, transferring } from "./transfer.ts";

const LARGEST_LISTING_BYTES = 64 * 1024 * 1024;
const LONGEST_LISTING_LINES = 1_000_000;
/** What must come of a listing in twice the time-out, lest a server that drips keeps a pass for ever. */
const SLOWEST_LISTING_BYTES = 1024;
const LINE_FEED = 0x0a;

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
    const data = askExtendedPort(session).then(
      (port) => dialData(session, port),
      (error: unknown) => {
        if (!(error instanceof SessionEnded)) capabilities.listsAtOnce = false;
        throw error;
      },
    );
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
