/** The system's code of a failed call (`ENOSPC`), or "" when it has none. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

/** The system's words for a message: `no space left on device (ENOSPC)`, without the call and its path. */
export function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const words = /^[A-Z][A-Z0-9_]+: ([^,]+), /.exec(error.message)?.[1];
  return words ? `${words} (${codeOf(error)})` : error.message;
}
