import { isDated, type JournalRecord, type Manifest, type ManifestEntry } from "../detect/manifest.ts";
import type { Scope } from "../detect/scope.ts";
import { isSameTime, parentOf, type RelPath } from "../detect/tree.ts";
import { type RemoteEntry, type Site, SiteError } from "../remote/site.ts";
import type { Log } from "../report/log.ts";
import { folderShown } from "./outcome.ts";
import { type Patience, withRetries } from "./retry.ts";

/** Compares what the site holds with what it is known to hold, a folder at a time. */
export interface Verification {
  /** Folders that were not looked at yet. */
  readonly pending: number;
  /** Looks at the next folders. @returns what the manifest has to forget, so that it is mirrored again. @throws SiteError */
  advance(folders: number): Promise<JournalRecord[]>;
}

interface VerifyParts extends Patience {
  site: Site;
  log: Log;
}

export function startVerification(manifest: Manifest, scope: Scope, parts: VerifyParts): Verification {
  const contents = new Map<RelPath, { files: RelPath[]; folders: RelPath[] }>([["", { files: [], folders: [] }]]);
  for (const path of manifest.folders) if (scope.isInside(path, true)) contents.set(path, { files: [], folders: [] });
  for (const path of manifest.files.keys())
    if (scope.isInside(path, false)) contents.get(parentOf(path))?.files.push(path);
  for (const path of contents.keys()) if (path !== "") contents.get(parentOf(path))?.folders.push(path);
  const queue = [...contents.keys()].sort();
  /** Files whose time is as it was set, and those where it is another, with what was sent then. */
  let punctual = 0;
  const odd = new Map<RelPath, ManifestEntry>();

  function compareTime(path: RelPath, entry: RemoteEntry | undefined): void {
    const known = manifest.files.get(path);
    if (!isDated(known) || entry?.mtimeMs === undefined) return;
    if (isSameTime(entry.mtimeMs, known.mtimeMs)) punctual++;
    else odd.set(path, known);
  }

  /** Times tell of other contents only where they are kept as a rule: some servers show what they like. */
  function settleTimes(): JournalRecord[] {
    // One that was sent since is as it should be.
    const isStill = ([path, { sha1, mtimeMs }]: [RelPath, ManifestEntry]) => {
      const now = manifest.files.get(path);
      return now?.sha1 === sha1 && now.mtimeMs === mtimeMs;
    };
    const changed = [...odd].filter(isStill).map(([path]) => path);
    if (changed.length === 0) return [];
    if (changed.length > punctual) {
      const detail =
        'Most times on the server are not those that were set, so they are not compared: "miroir check" can';
      parts.log.warn({ event: "warn", reason: "same-size", files: changed.length, detail });
      return [];
    }
    for (const path of changed) tell(parts.log, path, "same-size", "The server holds a file of another time");
    return changed.map((path) => ({ op: "drop", path }));
  }

  return {
    get pending() {
      return queue.length;
    },
    async advance(count) {
      const records: JournalRecord[] = [];
      for (const folder of queue.splice(0, count)) {
        const { files, folders } = contents.get(folder) ?? { files: [], folders: [] };
        if (files.length + folders.length === 0 && folder !== "") continue;
        const there = await entriesOf(folder, parts);
        for (const path of folders) {
          if (!manifest.folders.has(path) || there.has(path) || (await stands(path, "folder", parts))) continue;
          tell(parts.log, folderShown(path), "missing", "The folder is missing on the server");
          records.push({ op: "unfolder", path });
        }
        for (const path of files) {
          const record = await checkFile(path, manifest, there, parts);
          if (record) records.push(record);
          else compareTime(path, there.get(path));
        }
      }
      if (queue.length === 0) records.push(...settleTimes());
      return records;
    },
  };
}

async function checkFile(
  path: RelPath,
  manifest: Manifest,
  there: ReadonlyMap<RelPath, RemoteEntry>,
  parts: VerifyParts,
): Promise<JournalRecord | undefined> {
  const known = manifest.files.get(path);
  if (!known) return undefined;
  // Absent from a listing is not yet absent: listings hide dot files and are cut short.
  const entry = there.get(path) ?? (await look(path, parts));
  if (entry?.type === "file" && (entry.sizeBytes === undefined || entry.sizeBytes === known.sizeBytes))
    return undefined;
  if (entry?.type === "file") {
    tell(parts.log, path, "size", `The server holds ${entry.sizeBytes} bytes instead of ${known.sizeBytes}`);
  } else {
    tell(
      parts.log,
      path,
      "missing",
      entry ? "Something else stands in its place on the server" : "The file is missing on the server",
    );
  }
  return { op: "drop", path };
}

function tell(log: Log, path: string, reason: "missing" | "size" | "same-size", what: string): void {
  log.warn({ event: "warn", path, reason, detail: `${what}: it is mirrored again` });
}

async function entriesOf(folder: RelPath, parts: VerifyParts): Promise<Map<RelPath, RemoteEntry>> {
  const entries = new Map<RelPath, RemoteEntry>();
  try {
    const listing = await withRetries(
      () => parts.site.list(folder),
      parts,
      () => {},
    );
    for (const entry of listing.entries) entries.set(folder === "" ? entry.name : `${folder}/${entry.name}`, entry);
  } catch (error) {
    // A folder that is gone: each entry is asked for by name.
    if (folder === "" || !(error instanceof SiteError) || error.reason !== "missing") throw error;
  }
  return entries;
}

function look(path: RelPath, parts: VerifyParts): Promise<RemoteEntry | undefined> {
  return withRetries(
    () => parts.site.entry(path),
    parts,
    () => {},
  );
}

async function stands(path: RelPath, type: RemoteEntry["type"], parts: VerifyParts): Promise<boolean> {
  return (await look(path, parts))?.type === type;
}
