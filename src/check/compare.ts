import { findVanished } from "../detect/diff.ts";
import { emptyManifest, isDated, type Manifest, type ManifestEntry } from "../detect/manifest.ts";
import type { Scope } from "../detect/scope.ts";
import { type FileEntry, isSameTime, parentOf, type RelPath, type Snapshot, upwards } from "../detect/tree.ts";
import type { RemoteEntry } from "../remote/site.ts";
import type { CheckReport, Difference, Side } from "./report.ts";
import type { SiteLook } from "./site-look.ts";

/** Skips of entries that are in scope and still not mirrored. */
const UNMIRRORED = new Set(["unsafe-name", "collision"]);

const inSeconds = (ms: number) => Math.floor(ms / 1000) * 1000;

export interface Known {
  manifest: Manifest;
  scope: Scope;
  delete: "tracked" | "all" | "none";
}

/** Files whose time on the site miroir has set, and that are there in the same size: their times are compared. */
export function timedFiles(snapshot: Snapshot, { manifest }: Known, { found }: SiteLook): RelPath[] {
  return [...snapshot.files].flatMap(([path, here]) => {
    const there = found.get(path);
    return isDated(manifest.files.get(path)) && there?.type === "file" && there.sizeBytes === here.sizeBytes
      ? [path]
      : [];
  });
}

/**
 * Compares what is here with what the site shows, by type and size, and by time where `timedFiles` says so.
 * @returns with `report` filled, the files that seem to be the same
 */
export function compare(snapshot: Snapshot, known: Known, look: SiteLook, report: CheckReport): RelPath[] {
  const same: RelPath[] = [];
  for (const { path, reason, detail } of snapshot.problems) {
    report.unchecked.push({ path, isFolder: false, reason, detail });
  }
  for (const { path, isFolder, reason } of snapshot.skipped.values()) {
    if (!UNMIRRORED.has(reason)) continue;
    const detail = `"${path}" cannot be mirrored under this name. Rename it`;
    report.unchecked.push({ path, isFolder, reason, detail });
  }
  const unanswered = new Set<RelPath>();
  for (const path of snapshot.folders) {
    if (!isAnswered(path, look, unanswered)) continue;
    report.compared.folders++;
    const kind = kindOf(look.found.get(path), "folder", look.unlisted.has(path));
    if (kind) report.differences.push(difference(path, kind, { type: "folder" }, look));
  }
  for (const [path, here] of snapshot.files) {
    if (!isAnswered(path, look, unanswered)) continue;
    report.compared.files++;
    report.compared.bytes += here.sizeBytes;
    const there = look.found.get(path);
    const kind =
      kindOf(there, "file", look.unlisted.has(path)) ?? fileKind(here, there, known.manifest.files.get(path));
    if (kind) report.differences.push(difference(path, kind, { type: "file", ...here }, look));
    if (kind === undefined || kind === "time") same.push(path);
  }
  for (const { path, kind, type } of beyond(snapshot, known, look)) {
    if (look.found.get(path)?.type === type) report.differences.push(difference(path, kind, undefined, look));
  }
  for (const path of unanswered) {
    const { message = "" } = look.unanswered.get(path) ?? {};
    const isFolder = path === "" || look.found.get(path)?.type === "folder";
    report.unchecked.push({ path, isFolder, reason: "refused", detail: message });
  }
  return same;
}

/**
 * Whether the server's word on a path counts: nothing found in a folder that could not be listed is no absence.
 * @param unanswered takes the path that stands in the way
 */
function isAnswered(path: RelPath, look: SiteLook, unanswered: Set<RelPath>): boolean {
  if (look.found.has(path)) return true;
  for (const at of upwards(path)) {
    if (!look.unanswered.has(at)) continue;
    unanswered.add(at);
    return false;
  }
  return true;
}

function kindOf(there: RemoteEntry | undefined, type: "file" | "folder", isUnlisted: boolean) {
  if (there === undefined) return "missing" as const;
  if (isUnlisted) return "altered" as const;
  return there.type === type ? undefined : ("type" as const);
}

function fileKind(here: FileEntry, there: RemoteEntry | undefined, known: ManifestEntry | undefined) {
  if (there?.sizeBytes !== undefined && there.sizeBytes !== here.sizeBytes) return "size" as const;
  if (there?.mtimeMs === undefined || !isDated(known)) return undefined;
  return isAsSent(here.mtimeMs, there.mtimeMs, known.mtimeMs) ? undefined : ("time" as const);
}

/** The site keeps whole seconds: a file edited within the second that was set there is not the one that was sent. */
function isAsSent(hereMs: number, thereMs: number, sentMs: number): boolean {
  if (hereMs === sentMs) return isSameTime(thereMs, hereMs);
  return thereMs === inSeconds(hereMs) && thereMs !== inSeconds(sentMs);
}

/** What the site has and FOLDER has not. */
function beyond(snapshot: Snapshot, { manifest, scope, delete: deletes }: Known, { found, leftovers }: SiteLook) {
  if (deletes === "none") return [];
  const gone = findVanished(manifest, snapshot, scope);
  const isHere = (path: RelPath) => snapshot.files.has(path) || snapshot.folders.has(path);
  const listed = (paths: readonly RelPath[], kind: "extra" | "foreign", type: "file" | "folder") =>
    paths.filter((path) => !isHere(path)).map((path) => ({ path, kind, type }));
  const extra = [...listed(gone.files, "extra", "file"), ...listed(gone.folders, "extra", "folder")];
  if (deletes === "tracked") return extra;
  const strangers = emptyManifest();
  for (const [path, { type }] of found) {
    if (type === "file" && !manifest.files.has(path)) {
      strangers.files.set(path, { mtimeMs: 0, sizeBytes: 0, sha1: "" });
    }
    if (type === "folder" && !manifest.folders.has(path)) strangers.folders.add(path);
  }
  const foreign = findVanished(strangers, snapshot, scope);
  // What is out of scope stays on the site, and with it the folders it is in.
  const kept = new Set<RelPath>();
  for (const path of [...[...found.keys()].filter((each) => !isInScope(each)), ...leftovers]) {
    for (const at of upwards(parentOf(path))) kept.add(at);
  }
  return [
    ...extra,
    ...listed(foreign.files, "foreign", "file"),
    ...listed(
      foreign.folders.filter((path) => !kept.has(path)),
      "foreign",
      "folder",
    ),
  ];

  function isInScope(path: RelPath): boolean {
    return scope.isInside(path, found.get(path)?.type === "folder");
  }
}

export function difference(
  path: RelPath,
  kind: Difference["kind"],
  local: Side | undefined,
  { found }: Pick<SiteLook, "found">,
): Difference {
  const there = kind === "missing" ? undefined : found.get(path);
  return { path, kind, ...(local && { local }), ...(there && { remote: sideOf(there) }) };
}

function sideOf({ type, sizeBytes, mtimeMs }: RemoteEntry): Side {
  return { type, ...(sizeBytes !== undefined && { sizeBytes }), ...(mtimeMs !== undefined && { mtimeMs }) };
}
