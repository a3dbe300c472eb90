import { isRacy } from "../detect/content.ts";
import { emptyManifest, type Manifest } from "../detect/manifest.ts";
import type { RelPath, Snapshot } from "../detect/tree.ts";
import { adopt } from "../plan/adopt.ts";
import type { SiteError } from "../remote/site.ts";
import { hashInto } from "./look.ts";
import { folderShown } from "./outcome.ts";
import type { MirrorParts } from "./parts.ts";
import { withRetries } from "./retry.ts";
import { survey } from "./survey.ts";

/**
 * What the site already holds of FOLDER, when nothing is known of it: a first run, or a lost manifest.
 * Its listing tells name, size and time; the SHA-1 is read here.
 * @throws SiteError
 */
export async function adoptSite(parts: MirrorParts, snapshot: Snapshot, follow: boolean): Promise<Manifest> {
  const { site, log } = parts;
  const onRetry = (path: RelPath, { reason, message: detail }: SiteError, tryNumber: number) =>
    log.warn({ event: "retry", path: folderShown(path), try: tryNumber, reason, detail, terminal: false });
  parts.progress?.phase("asking the site what it holds");
  const remote = await survey(site, (folder) => snapshot.folders.has(folder), parts, onRetry);
  let adoption = adopt(snapshot, remote, parts.adopt);
  if (adoption.undecided.length > 0) {
    const { undecided } = adoption;
    const times = await withRetries(
      () => site.times(undecided),
      parts,
      (error, tryNumber) => onRetry("", error, tryNumber),
    );
    for (const path of undecided) {
      const file = remote.files.get(path);
      if (file) file.mtimeMs = times.get(path) ?? Number.NaN;
    }
    adoption = adopt(snapshot, remote, parts.adopt);
  }
  parts.progress?.planned({ uploads: new Map(), steps: adoption.files.length });
  const manifest = emptyManifest();
  for (const path of adoption.folders) {
    manifest.folders.add(path);
    log.info({ event: "adopt", path: folderShown(path) });
  }
  for (const path of adoption.files) {
    parts.progress?.settled(path, { isUpload: false, isDone: false });
    const hashed = await hashInto(parts.folder, path, snapshot, { now: parts.now, follow });
    if (!hashed || hashed.sizeBytes !== remote.files.get(path)?.sizeBytes) continue;
    const { sha1, sizeBytes, mtimeMs, readAtMs } = hashed;
    manifest.files.set(path, {
      ...{ mtimeMs, sizeBytes, sha1 },
      ...(isRacy(mtimeMs, readAtMs) && { racy: true as const }),
      // Its time on the server is not one that was set from here.
      ...(parts.adopt === "size" && { undated: true as const }),
    });
    log.info({ event: "adopt", path, bytes: sizeBytes, sha1 });
  }
  if (adoption.otherTime.length > 0) {
    log.warn({
      event: "warn",
      reason: "same-size",
      files: adoption.otherTime.length,
      detail:
        "Files on the server have the size of local ones and another time, so they are sent again. Where they are known to be the same, --adopt size takes them as they are",
    });
  }
  return manifest;
}
