import type { RelPath } from "../detect/tree.ts";

/**
 * Where the mirror stands on the server. Every path sent is absolute where the server tells its login folder: servers
 * trim the spaces before a relative one, and nothing depends on a current folder.
 * @param remoteDir as written: absolute with a leading `/`, else relative to the login folder.
 */
export function remoteRoot(loginFolder: string | undefined, remoteDir: string): string {
  if (remoteDir.startsWith("/")) return remoteDir === "/" ? "" : remoteDir.replace(/\/+$/, "");
  const base = loginFolder === undefined ? "." : loginFolder.replace(/\/+$/, "");
  return remoteDir === "" ? base : `${base}/${remoteDir}`;
}

export function remotePath(root: string, path: RelPath): string {
  if (path === "") return root === "" ? "/" : root;
  return `${root}/${path}`;
}
