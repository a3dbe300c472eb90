import { type Change, findVanished } from "../detect/diff.ts";
import type { Manifest } from "../detect/manifest.ts";
import type { ScanOptions } from "../detect/scan.ts";
import type { RelPath, Snapshot } from "../detect/tree.ts";
import type { Site, SiteError } from "../remote/site.ts";
import type { Patience } from "./retry.ts";
import { survey } from "./survey.ts";

/**
 * Entries on the site, in scope, that nobody here knows: what `--delete all` deletes.
 * @throws SiteError when a listing could not be had
 */
export async function foreignChanges(
  parts: Patience & { site: Site },
  snapshot: Snapshot,
  manifest: Manifest,
  { scope }: ScanOptions,
  onRetry: (folder: RelPath, error: SiteError, tryNumber: number) => void,
): Promise<Change[]> {
  const remote = await survey(parts.site, (path) => scope.isInside(path, true), parts, onRetry);
  const strangers: Manifest = { files: new Map(), folders: new Set() };
  for (const path of remote.files.keys()) {
    if (!manifest.files.has(path)) strangers.files.set(path, { mtimeMs: 0, sizeBytes: 0, sha1: "" });
  }
  for (const path of remote.folders) if (!manifest.folders.has(path)) strangers.folders.add(path);
  const { files, folders } = findVanished(strangers, snapshot, scope);
  return [
    ...files.map((path): Change => ({ kind: "file-removed", path })),
    ...folders.map((path): Change => ({ kind: "folder-removed", path })),
  ];
}
