import type { RelPath } from "../detect/tree.ts";
import type { PassError } from "../mirror/codes.ts";
import type { Reason } from "../report/reasons.ts";

/** What can be different between FOLDER and the site. The words are the ones shown, and those of `--json`. */
export const DIFFERENCES = {
  missing: "not on the site",
  extra: "on the site, and no longer here",
  foreign: "on the site, and never was here",
  type: "a file on one side, something else on the other",
  size: "another size",
  time: "another time",
  content: "another content",
  altered: "on the site under another name",
} as const;

export type DifferenceKind = keyof typeof DIFFERENCES;

/** What stands at a path, here or on the site. */
export interface Side {
  type: "file" | "folder" | "other";
  sizeBytes?: number;
  /** Milliseconds since the epoch. */
  mtimeMs?: number;
  /** `sha1:` and the hash in hexadecimal. */
  hash?: string;
}

export interface Difference {
  path: RelPath;
  kind: DifferenceKind;
  /** Absent where nothing is. */
  local?: Side;
  remote?: Side;
}

/** What could not be compared. */
export interface Unchecked {
  path: RelPath;
  isFolder: boolean;
  reason: Reason;
  detail: string;
}

/** What a comparison found out, so far as it came. */
export interface CheckReport {
  differences: Difference[];
  unchecked: Unchecked[];
  /** miroir's own temporary files on the site: no differences, but worth a word. */
  leftovers: RelPath[];
  /** Entries of FOLDER that were compared, and the bytes those files hold. */
  compared: { files: number; folders: number; bytes: number };
  /** Why FOLDER is not believed: what is not here may be on a disk that is not mounted. */
  distrust?: "empty" | "device";
  /** What ended it early. */
  failure?: PassError;
}

export function emptyReport(): CheckReport {
  return { differences: [], unchecked: [], leftovers: [], compared: { files: 0, folders: 0, bytes: 0 } };
}

/** Of a comparison that did not even begin. */
export function failedReport(failure: PassError): CheckReport {
  return { ...emptyReport(), failure };
}
