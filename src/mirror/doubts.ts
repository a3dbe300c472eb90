import { type Intent, type JournalRecord, type Manifest, type Step, UNKNOWN_MTIME_MS } from "../detect/manifest.ts";
import type { RelPath } from "../detect/tree.ts";
import type { RemoteEntry, Site } from "../remote/site.ts";
import { type Patience, withRetries } from "./retry.ts";

/** The hash of no content. */
const UNKNOWN_SHA1 = "0".repeat(40);

/**
 * Asks the server what became of steps and uploads whose end is not known, so that the manifest tells what is there
 * whatever has happened to the local files since.
 * @throws SiteError
 */
export async function settleDoubts(
  steps: Iterable<Step>,
  uploads: readonly Intent[],
  manifest: Manifest,
  site: Site,
  patience: Patience,
): Promise<JournalRecord[]> {
  const ask = <T>(question: () => Promise<T>) => withRetries(question, patience, () => {});
  const look = (path: RelPath) => ask(() => site.entry(path));
  const timeOf = async (path: RelPath) => (await ask(() => site.times([path]))).get(path);
  const records: JournalRecord[] = [];

  for (const step of steps) {
    const there = await look(step.path);
    if (step.from !== undefined) records.push(...(await settleRename(step.from, step.path, there)));
    else records.push(...(await settlePath(step, there)));
    records.push({ op: "end", path: step.path, step: step.op });
  }
  // Tries of the same content: what one of them has shown to stand there needs no other.
  const decided = new Map<RelPath, string>();
  for (const upload of uploads) {
    if (decided.get(upload.path) === upload.sha1) continue;
    const found = await settleUpload(upload);
    records.push(...found);
    for (const record of found) if (record.op === "put") decided.set(record.path, record.entry.sha1);
  }
  return records;

  async function settleUpload({ path, begun, sha1, dated }: Intent): Promise<JournalRecord[]> {
    const was = manifest.files.get(path);
    if (begun === undefined || sha1 === undefined || was?.sha1 === sha1) return [];
    const there = await look(path);
    if (there?.type !== "file" || there.sizeBytes !== begun.sizeBytes) return was ? settleFile(path, there) : [];
    const time = dated ? await timeOf(path) : undefined;
    const isLikeAnother = uploads.some(
      (other) => other.path === path && other.sha1 !== sha1 && looksLike(other.begun, begun),
    );
    const isLikeOld =
      was?.sizeBytes === begun.sizeBytes &&
      (was.undated || was.mtimeMs === UNKNOWN_MTIME_MS || inSeconds(was.mtimeMs) === inSeconds(begun.mtimeMs));
    // The rename was asked for, and a file of that very size stands there: it is ours, whichever of them it is.
    if (time === undefined || isLikeOld || isLikeAnother) return [unknown(path, there)];
    if (isTime(time, begun.mtimeMs)) return [{ op: "put", path, entry: { ...begun, sha1, racy: true } }];
    return was ? settleFile(path, there) : [];
  }

  async function settleRename(from: RelPath, to: RelPath, there: RemoteEntry | undefined): Promise<JournalRecord[]> {
    const old = await look(from);
    const was = manifest.files.get(from);
    const isMoved =
      there !== undefined && old === undefined && (was === undefined || was.sizeBytes === there.sizeBytes);
    const move: JournalRecord = { op: "move", from, to };
    // Whatever was to follow the rename did not: what is here under the new name is read before it counts as unchanged.
    if (isMoved) return was ? [move, { op: "put", path: to, entry: { ...was, racy: true } }] : [move];
    if (was === undefined) return old === undefined ? [{ op: "unfolder", path: from }] : [];
    return settleFile(from, old);
  }

  async function settlePath({ op, path }: Step, there: RemoteEntry | undefined): Promise<JournalRecord[]> {
    if (op === "mkdir" || op === "rmdir") {
      return [{ op: there?.type === "folder" ? "folder" : "unfolder", path }];
    }
    const was = manifest.files.get(path);
    if (op === "upload" && there?.type === "file") return [unknown(path, there)];
    // A touch leaves the content as it was: only the time is in doubt.
    if (op === "touch" && was && there?.type === "file" && there.sizeBytes === was.sizeBytes) {
      return [{ op: "put", path, entry: { ...was, mtimeMs: UNKNOWN_MTIME_MS } }];
    }
    return was ? settleFile(path, there) : [];
  }

  /** A file that the manifest knows: still the same, another, or gone. */
  async function settleFile(path: RelPath, there: RemoteEntry | undefined): Promise<JournalRecord[]> {
    const was = manifest.files.get(path);
    if (there?.type !== "file") return [{ op: "drop", path }];
    if (was === undefined || was.sizeBytes !== there.sizeBytes) return [unknown(path, there)];
    const time = was.undated ? undefined : await timeOf(path);
    const isSame = time === undefined || isTime(time, was.mtimeMs);
    return isSame ? [] : [unknown(path, there)];
  }
}

/** Ours, and of unknown content: sent again when it is wanted, deleted when it is not. Only another hash shows that. */
function unknown(path: RelPath, { sizeBytes = 0 }: RemoteEntry): JournalRecord {
  return { op: "put", path, entry: { mtimeMs: UNKNOWN_MTIME_MS, sizeBytes, sha1: UNKNOWN_SHA1 } };
}

/** A remote time, in whole seconds, of a local one. */
function isTime(remoteMs: number | undefined, localMs: number | undefined): boolean {
  return remoteMs !== undefined && localMs !== undefined && remoteMs === inSeconds(localMs);
}

/** Whether a server could not tell the one from the other: of one size, and one second. */
function looksLike(one: Intent["begun"], other: NonNullable<Intent["begun"]>): boolean {
  return one?.sizeBytes === other.sizeBytes && inSeconds(one.mtimeMs) === inSeconds(other.mtimeMs);
}

const inSeconds = (ms: number) => Math.floor(ms / 1000) * 1000;
