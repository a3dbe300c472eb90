import type { Intent, JournalRecord, Manifest, Step } from "../detect/manifest.ts";
import type { RelPath } from "../detect/tree.ts";
import type { RemoteEntry, Site } from "../remote/site.ts";
import { type Patience, withRetries } from "./retry.ts";

/**
 * Asks the server what became of steps and uploads whose end is not known, so that the manifest tells what is there
 * whatever has happened to the local files since.
 * @throws SiteError
 */
export async function settleDoubts(
  steps: Iterable<Step>,
  uploads: Iterable<Intent>,
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
    records.push({ op: "end", path: step.path });
  }
  for (const { path, begun, sha1 } of uploads) {
    if (begun === undefined || sha1 === undefined) continue;
    const there = await look(path);
    const was = manifest.files.get(path);
    const isLikeOld = was?.sizeBytes === begun.sizeBytes && inSeconds(was.mtimeMs) === inSeconds(begun.mtimeMs);
    const isOurs =
      there?.type === "file" && there.sizeBytes === begun.sizeBytes && isTime(await timeOf(path), begun.mtimeMs);
    // Old and new that look alike from here: nothing is claimed, so that it is sent again.
    if (isOurs && isLikeOld) records.push({ op: "drop", path });
    else if (isOurs) records.push({ op: "put", path, entry: { ...begun, sha1, racy: true } });
    else if (was) records.push(...(await settleFile(path, there)));
  }
  return records;

  async function settleRename(from: RelPath, to: RelPath, there: RemoteEntry | undefined): Promise<JournalRecord[]> {
    const old = await look(from);
    const was = manifest.files.get(from);
    const isMoved =
      there !== undefined && old === undefined && (was === undefined || was.sizeBytes === there.sizeBytes);
    if (isMoved) return [{ op: "move", from, to }];
    if (was === undefined) return old === undefined ? [{ op: "unfolder", path: from }] : [];
    return settleFile(from, old);
  }

  async function settlePath({ op, path }: Step, there: RemoteEntry | undefined): Promise<JournalRecord[]> {
    if (op === "mkdir" || op === "rmdir") {
      return [{ op: there?.type === "folder" ? "folder" : "unfolder", path }];
    }
    const was = manifest.files.get(path);
    // A touch leaves the content as it was: only the time is in doubt.
    if (op === "touch" && was && there?.type === "file" && there.sizeBytes === was.sizeBytes) {
      return [{ op: "put", path, entry: { ...was, mtimeMs: 0 } }];
    }
    return was ? settleFile(path, there) : [];
  }

  /** A file that the manifest knows: still the same, another, or gone. */
  async function settleFile(path: RelPath, there: RemoteEntry | undefined): Promise<JournalRecord[]> {
    const was = manifest.files.get(path);
    if (there?.type !== "file") return [{ op: "drop", path }];
    if (was === undefined || was.sizeBytes !== there.sizeBytes) return [{ op: "drop", path }];
    const isSame = was.undated === true || isTime(await timeOf(path), was.mtimeMs);
    return isSame ? [] : [{ op: "drop", path }];
  }
}

/** A remote time, in whole seconds, of a local one. */
function isTime(remoteMs: number | undefined, localMs: number | undefined): boolean {
  return remoteMs !== undefined && localMs !== undefined && remoteMs === inSeconds(localMs);
}

const inSeconds = (ms: number) => Math.floor(ms / 1000) * 1000;
