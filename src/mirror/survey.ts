import type { RelPath } from "../detect/tree.ts";
import type { RemoteTree } from "../plan/adopt.ts";
import { type Listing, type Site, SiteError } from "../remote/site.ts";
import { inParallel } from "./parallel.ts";
import { type Patience, withRetries } from "./retry.ts";

/**
 * Lists the remote folders that `enters` lets in, several at a time.
 * @throws SiteError when a listing could not be had
 */
export async function survey(
  site: Site,
  enters: (folder: RelPath) => boolean,
  patience: Patience,
  onRetry: (folder: RelPath, error: SiteError, tryNumber: number) => void,
): Promise<RemoteTree> {
  const tree: RemoteTree = { files: new Map(), folders: new Set(), incomplete: new Set() };
  let level: RelPath[] = [""];
  while (level.length > 0) {
    const below: RelPath[] = [];
    await inParallel(level, site.parallel, async (at) => {
      const found = await withRetries(
        () => listOrMissing(site, at),
        patience,
        (error, tryNumber) => onRetry(at, error, tryNumber),
      );
      if (!found.complete) tree.incomplete.add(at);
      for (const { name, type, sizeBytes, mtimeMs } of found.entries) {
        const path = at === "" ? name : `${at}/${name}`;
        if (type === "folder") {
          tree.folders.add(path);
          if (enters(path)) below.push(path);
        } else if (type === "file") tree.files.set(path, { sizeBytes, mtimeMs });
      }
    });
    level = below;
  }
  return tree;
}

/** A folder that was listed and is gone when it is entered holds nothing; FOLDER's own must be there. */
async function listOrMissing(site: Site, folder: RelPath): Promise<Listing> {
  try {
    return await site.list(folder);
  } catch (error) {
    if (folder !== "" && error instanceof SiteError && error.reason === "missing")
      return { entries: [], complete: false };
    throw error;
  }
}
