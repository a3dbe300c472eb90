import type { RelPath } from "../detect/tree.ts";
import { type Asking, entryOf } from "./query.ts";
import { SiteError } from "./site.ts";

/**
 * What a refused upload really means. One whose folder is gone from the server has its folder made again, and is then
 * worth another try; without the remote folder itself nothing is.
 */
export async function explainRefusal(
  asking: Asking,
  path: RelPath,
  error: Error,
  pathOf: (path: RelPath) => string,
): Promise<Error> {
  const isRefused = error instanceof SiteError && error.reason === "refused" && error.kind === "permanent";
  if (!isRefused || asking.session.pipeline.ended) return error;
  const folders = path.split("/").slice(0, -1);
  const parent = folders.join("/");
  try {
    if ((await entryOf(asking, pathOf(parent))) !== undefined) return error;
    if ((await entryOf(asking, pathOf(""))) === undefined) return rootMissing(pathOf(""));
    const commands = folders.map((_, index) => ({
      text: `MKD ${pathOf(folders.slice(0, index + 1).join("/"))}`,
      expects: [257, 250, 200],
    }));
    await asking.session.pipeline.exchange(commands);
  } catch (failure) {
    return failure instanceof Error ? failure : error;
  }
  return new SiteError(`The remote folder "${parent}" had vanished and was made again`, {
    kind: "transient",
    reason: "missing",
    code: error.code,
    cause: error,
  });
}

export function rootMissing(root: string): SiteError {
  return new SiteError(
    `The remote folder "${root}" is missing on the server. If it was removed on purpose, make it again there; nothing was changed`,
    { kind: "fatal", reason: "missing" },
  );
}
