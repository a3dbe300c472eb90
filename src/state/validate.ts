import { type Intent, type JournalRecord, type ManifestEntry, STEPS, type Step } from "../detect/manifest.ts";
import { nameOf, type RelPath } from "../detect/tree.ts";

// What was read from disk is checked before it is believed: its paths decide what is deleted on the site.

/** Which mirror a file of the state belongs to. */
export interface MirrorIdentity {
  /** FOLDER as folderIdentity() gives it. */
  folder: string;
  /** As siteIdentity() gives it. */
  site: string;
}

/** Of the manifest and its journal. A higher one is of a newer miroir. */
export const VERSION = 1;

const BAD_PATH = /(?:^|\/)\.{0,2}(?:\/|$)|\0/;
const SHA1 = /^[0-9a-f]{40}$/;

export type Fields = Record<string, unknown>;

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Relative, `/`-separated, with no empty, `.` or `..` segment, and no NUL. */
export function isRelPath(value: unknown): value is RelPath {
  return typeof value === "string" && !BAD_PATH.test(value);
}

export function isGeneration(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

/** The entry of these fields, or undefined when any is not what it must be. */
export function checkedEntry(
  mtimeMs: unknown,
  sizeBytes: unknown,
  sha1: unknown,
  { racy, undated }: Fields,
): ManifestEntry | undefined {
  if (typeof mtimeMs !== "number" || !Number.isFinite(mtimeMs)) return undefined;
  if (typeof sizeBytes !== "number" || !Number.isSafeInteger(sizeBytes) || sizeBytes < 0) return undefined;
  if (typeof sha1 !== "string" || !SHA1.test(sha1)) return undefined;
  const entry: ManifestEntry = { mtimeMs, sizeBytes, sha1 };
  if (racy === true) entry.racy = true;
  if (undated === true) entry.undated = true;
  return entry;
}

export function checkedRecord(value: unknown): JournalRecord | undefined {
  if (!isFields(value)) return undefined;
  const { op, path } = value;
  switch (op) {
    case "put":
      return checkedPut(value);
    case "drop":
    case "folder":
    case "unfolder":
      return isRelPath(path) ? { op, path } : undefined;
    case "move":
      return isRelPath(value.from) && isRelPath(value.to) ? { op, from: value.from, to: value.to } : undefined;
    case "intend": {
      const intent = checkedIntent(value.intent);
      return intent && { op, intent };
    }
    case "begin":
      return checkedBegin(value.steps);
    case "end":
      return checkedEnd(value);
    case "settle":
      return isId(value.id) ? { op, id: value.id } : undefined;
    default:
      return undefined;
  }
}

function checkedPut({ path, entry: read, settles }: Fields): JournalRecord | undefined {
  if (!isRelPath(path) || !isFields(read) || (settles !== undefined && !isId(settles))) return undefined;
  const entry = checkedEntry(read.mtimeMs, read.sizeBytes, read.sha1, read);
  return entry && { op: "put", path, entry, ...(settles !== undefined && { settles }) };
}

function checkedBegin(value: unknown): JournalRecord | undefined {
  if (!Array.isArray(value)) return undefined;
  const steps: Step[] = [];
  for (const each of value) {
    const op = isFields(each) ? checkedStep(each.op) : undefined;
    if (!isFields(each) || op === undefined || !isRelPath(each.path)) return undefined;
    if (each.from !== undefined && !isRelPath(each.from)) return undefined;
    steps.push({ op, path: each.path, ...(each.from !== undefined && { from: each.from }) });
  }
  return { op: "begin", steps };
}

function checkedStep(value: unknown): Step["op"] | undefined {
  return STEPS.find((known) => known === value);
}

function checkedEnd({ path, step }: Fields): JournalRecord | undefined {
  const op = checkedStep(step);
  return isRelPath(path) && op ? { op: "end", path, step: op } : undefined;
}

function checkedIntent(value: unknown): Intent | undefined {
  if (!isFields(value)) return undefined;
  const { id, path, temporary, aside, begun, dated, sha1 } = value;
  if (!isId(id) || !isRelPath(path) || !isTemporary(temporary)) return undefined;
  if (aside !== undefined && !isTemporary(aside)) return undefined;
  return {
    id,
    path,
    temporary,
    ...(aside !== undefined && { aside }),
    ...checkedBegun(begun),
    ...(dated === true && { dated: true as const }),
    ...(typeof sha1 === "string" && SHA1.test(sha1) && { sha1 }),
  };
}

/** Nothing when it is not sound: the upload is then begun anew. */
function checkedBegun(value: unknown): Pick<Intent, "begun"> {
  if (!isFields(value)) return {};
  const { sizeBytes, mtimeMs, racy } = value;
  const isSound = Number.isSafeInteger(sizeBytes) && Number.isFinite(mtimeMs);
  return isSound
    ? { begun: { sizeBytes: Number(sizeBytes), mtimeMs: Number(mtimeMs), ...(racy === true && { racy }) } }
    : {};
}

function isId(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

/** What an intent names is deleted at the next start: it can only be a name of miroir's own. */
function isTemporary(value: unknown): value is RelPath {
  return isRelPath(value) && nameOf(value).startsWith(".miroir-");
}
