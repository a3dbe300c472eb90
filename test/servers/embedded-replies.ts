const TEXTS: Record<number, string> = {
  226: "Transfer complete",
  421: "Service not available, closing control connection",
  425: "Can't open data connection",
  426: "Connection closed; transfer aborted",
  450: "File busy",
  451: "Local error in processing",
  452: "Insufficient storage space",
  500: "Unknown command",
  502: "Command not implemented",
  530: "Not logged in",
  550: "Requested action not taken",
  552: "Exceeded storage allocation",
  553: "File name not allowed",
};

/** The whole reply for a code alone, or for a text that already starts with one. */
export function replyFor(reply: string | number): string {
  return typeof reply === "number" ? `${reply} ${TEXTS[reply] ?? "As told"}` : reply;
}

/** RFC 959 appendix II: a quote inside a quoted path is doubled. */
export function quoted(path: string): string {
  return `"${path.replaceAll('"', '""')}"`;
}

/** Ends a command with `reply`; undefined: in silence. */
export class Interruption extends Error {
  constructor(readonly reply: string | undefined) {
    super(reply ?? "interrupted without a reply");
  }
}

const SYSTEM_WORDS: Record<string, string> = {
  ECONNRESET: "426 Connection closed; transfer aborted",
  EPIPE: "426 Connection closed; transfer aborted",
  ERR_STREAM_PREMATURE_CLOSE: "426 Connection closed; transfer aborted",
  ABORT_ERR: "426 Connection closed; transfer aborted",
  EACCES: "550 Permission denied",
  EEXIST: "550 File exists",
  EISDIR: "550 Is a directory",
  ENAMETOOLONG: "553 File name too long",
  ENOENT: "550 No such file or directory",
  ENOSPC: "452 No space left on device",
  ENOTDIR: "550 Not a directory",
  ENOTEMPTY: "550 Directory not empty",
  EPERM: "550 Operation not permitted",
};

/** The reply that an error in a command stands for; undefined: in silence. */
export function replyToError(error: unknown): string | undefined {
  if (error instanceof Interruption) return error.reply;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return SYSTEM_WORDS[code] ?? `451 ${code || String(error)}`;
}
