/** The system's code of a failed call (`ENOSPC`), or "" when it has none. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

/** Where the system's own words say less than a person needs. */
const WORDS: Record<string, string> = {
  EACCES: "permission denied",
  EPERM: "not permitted",
  ENOENT: "it does not exist",
  ENOTDIR: "it is not a folder",
  EISDIR: "it is a folder",
  ELOOP: "it is a symbolic link",
  EBUSY: "it is in use by another program",
  EIO: "the disk reports an error",
  ENAMETOOLONG: "its name is too long",
  EMFILE: "too many files are open",
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
};

/** What the system said, for a message that names the call and the path itself: `the disk is full (ENOSPC)`. */
export function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = codeOf(error);
  const words = WORDS[code] ?? /^[A-Z][A-Z0-9_]+: ([^,]+), /.exec(error.message)?.[1];
  return words ? `${words} (${code})` : error.message;
}
