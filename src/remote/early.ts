import type { Asking } from "./query.ts";
import { type Content, SiteError } from "./site.ts";
import type { UploadTools } from "./temporary.ts";

/** What is done for a transfer earlier than its server asks for it. */
export interface Shortcuts {
  /** The data connection was dialled before the transfer was known of. */
  isReady: boolean;
  /** The bytes go out before the 150. */
  isEarly: boolean;
}

/** The system of any server holds so much for a connection that nobody has read from yet. */
const EARLY_BYTES = 64 * 1024;
/** RFC 959 §4.2.1 */
const NO_DATA_CONNECTION = 425;
const TRANSFER_BROKEN = 426;

/**
 * Whether a file goes out as soon as its data connection is there: a small one in clear, for TLS begins after the
 * transfer's command, to a server that is known to keep what comes before its 150. The question for the size catches a
 * loss.
 */
export function goesEarly({ session, capabilities }: Asking, { sizeBytes }: Content): boolean {
  return capabilities.takesEarly !== "no" && !session.encrypted && sizeBytes <= EARLY_BYTES;
}

/** A file has arrived whole. */
export function praise({ capabilities }: Asking, { isEarly }: Shortcuts): void {
  if (isEarly && capabilities.takesEarly === "perhaps") capabilities.takesEarly = "yes";
}

/** A file that did not arrive is the last one to go by the shortcut that was the cause, or probably was. */
export function blame(
  { capabilities }: Asking,
  { isReady, isEarly }: Shortcuts,
  error: unknown,
  tools: Pick<UploadTools, "degrade">,
): void {
  if (!(error instanceof SiteError)) return;
  const { message } = error;
  const { takesEarly, holdsData } = capabilities;
  if (isEarly && (takesEarly === "perhaps" ? isLoss(error) || isStumble(error) : isLoss(error))) {
    capabilities.takesEarly = "no";
    if (takesEarly !== "no") {
      tools.degrade(
        `A file that was sent before the server asked for it did not arrive (${message}): its 150 is awaited`,
      );
    }
  } else if (isReady && holdsData && (isUseless(error) || isStumble(error))) {
    capabilities.holdsData = false;
    tools.degrade(`A data connection that was opened beforehand was of no use (${message}): none is any more`);
  }
}

/** Bytes are missing. A connection that could not be had, or a session that is gone, has lost none. */
function isLoss({ kind, reason, code }: SiteError): boolean {
  if (reason === "size" || code === TRANSFER_BROKEN) return true;
  return kind === "transient" && reason === "connection" && code !== undefined;
}

function isUseless({ kind, reason, code }: SiteError): boolean {
  if (kind === "transient" && (reason === "connection" || reason === "tls")) return true;
  return code === NO_DATA_CONNECTION || code === TRANSFER_BROKEN;
}

/** The session ended, and not as one does that is simply gone. */
function isStumble({ kind, reason, code }: SiteError): boolean {
  return kind === "unknown" && (reason === "timeout" || (code !== undefined && code !== 421));
}
