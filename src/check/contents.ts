import { join } from "node:path";
import { digestFile, ReadError } from "../detect/content.ts";
import type { RelPath } from "../detect/tree.ts";
import { inParallel } from "../mirror/parallel.ts";
import type { Patience } from "../mirror/retry.ts";
import { isWorthRetrying } from "../mirror/retry.ts";
import { type ReadableSite, type RemoteDigest, SiteError } from "../remote/site.ts";
import { difference } from "./compare.ts";
import type { CheckReport } from "./report.ts";
import { retrying, type SiteLook } from "./site-look.ts";

/**
 * Compares the contents of files that seem to be the same. A server's hash that differs is not believed until the file
 * was read back: it may be of an older content.
 * @throws SiteError when the connection is lost for good
 */
export async function compareContents(
  paths: readonly RelPath[],
  look: SiteLook,
  parts: { folder: string; follow: boolean; site: ReadableSite; patience: Patience },
  report: CheckReport,
): Promise<void> {
  const { folder, follow, site, patience } = parts;
  const localDigest = (path: RelPath, algorithm: RemoteDigest["algorithm"]) =>
    digestFile(join(folder, path), path, algorithm, follow);

  async function compareOne(path: RelPath): Promise<void> {
    const sizeBytes = look.found.get(path)?.sizeBytes ?? (await localDigest(path, "sha1")).sizeBytes;
    let remote = await retrying(() => site.digest(path, sizeBytes), patience);
    let local = await localDigest(path, remote.algorithm);
    if (remote.isTold && local.hex !== remote.hex) {
      remote = await retrying(() => site.digest(path, sizeBytes, true), patience);
      local = await localDigest(path, remote.algorithm);
    }
    if (local.hex === remote.hex) return;
    report.differences = report.differences.filter((each) => each.path !== path);
    const { mtimeMs } = local;
    const side = { type: "file", sizeBytes: local.sizeBytes, mtimeMs } as const;
    const found = difference(path, "content", { ...side, hash: hashText(remote.algorithm, local.hex) }, look);
    if (found.remote) found.remote.hash = hashText(remote.algorithm, remote.hex);
    report.differences.push(found);
  }

  await inParallel(paths, site.parallel, async (path) => {
    try {
      await compareOne(path);
    } catch (error) {
      if (error instanceof ReadError) report.unchecked.push({ ...error.problem, isFolder: false });
      else if (error instanceof SiteError && isOfThisFile(error)) {
        report.unchecked.push({ path, isFolder: false, reason: error.reason, detail: error.message });
      } else throw error;
    }
  });
}

/** A refusal, or a file that never comes in the size the server tells: the connection is sound. */
function isOfThisFile(error: SiteError): boolean {
  return (
    error.kind === "permanent" || (isWorthRetrying(error) && (error.reason === "size" || error.reason === "refused"))
  );
}

const hashText = (algorithm: string, hex: string) => `${algorithm}:${hex}`;
