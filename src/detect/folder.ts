import { closeSync, constants, fstatSync, openSync, readFileSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { wordsOf } from "../report/system-error.ts";
import { createRules, IGNORE_FILE, linesOf } from "./ignore.ts";
import { FolderError, type ScanOptions } from "./scan.ts";
import { createScope } from "./scope.ts";
import { foldedName, type RelPath } from "./tree.ts";

/** The real path, as far as it exists: a disk that is not mounted must not make FOLDER another mirror. */
export function realFolder(folder: string): string {
  const absolute = resolve(folder);
  try {
    return realpathSync(absolute);
  } catch {
    const parent = dirname(absolute);
    return parent === absolute ? absolute : join(realFolder(parent), basename(absolute));
  }
}

/** Why FOLDER cannot be mirrored (or compared) now; undefined when it can. */
export function whyUnusable(folder: string, action = "mirror"): string | undefined {
  try {
    return statSync(folder).isDirectory() ? undefined : `Cannot ${action} "${folder}": it is not a folder`;
  } catch (error) {
    return `Cannot ${action} the folder "${folder}": ${wordsOf(error)}`;
  }
}

/** Those of the files that lie inside FOLDER, by their path in it. */
export function pathsInside(folder: string, files: readonly string[]): Set<RelPath> {
  const inside = new Set<RelPath>();
  for (const file of files) {
    const real = realFolder(file);
    const path = relative(folder, real);
    // On another drive it stays absolute.
    const isInside = path !== "" && path !== ".." && !path.startsWith(`..${sep}`) && !isAbsolute(path);
    if (isInside) inside.add(path.split(sep).join("/"));
  }
  return inside;
}

/** How FOLDER is read: the rules are looked up for each pass, `.miroirignore` may change while a watch runs. */
export function createScanReader(
  folder: string,
  options: {
    depth: number;
    patterns: readonly string[];
    own: ReadonlySet<RelPath>;
    follow: boolean;
    platform: NodeJS.Platform;
  },
): () => ScanOptions {
  const { depth, patterns, own, follow, platform } = options;
  // macOS may hand out decomposed names; servers and browsers expect composed ones.
  const nameForSite = platform === "darwin" ? (name: string) => name.normalize("NFC") : (name: string) => name;
  const folded = new Set([...own].map(foldedName));
  // Where the disk ignores letter case, so does the name of the log.
  const ownHere = platform === "linux" ? own : { has: (path: RelPath) => folded.has(foldedName(path)) };
  const ownIfAny = own.size > 0 ? ownHere : undefined;
  let last: { text: string; scan: ScanOptions } | undefined;
  return () => {
    const text = readRules(folder);
    if (last?.text !== text) {
      const scope = createScope(depth, createRules([...linesOf(text), ...patterns]), ownIfAny);
      last = { text, scan: { scope, follow, nameForSite } };
    }
    return last.scan;
  };
}

/** @throws FolderError: what the rules keep back might be secret */
function readRules(folder: string): string {
  const file = join(folder, IGNORE_FILE);
  try {
    return readRegularFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    const closed = whyClosed(folder);
    if (closed !== undefined) throw new FolderError(closed, { cause: error });
    throw new FolderError(`Cannot read "${file}": ${wordsOf(error)}. Nothing is mirrored without its rules`);
  }
}

/** Why this account cannot look into FOLDER; undefined when it can. */
function whyClosed(folder: string): string | undefined {
  try {
    statSync(`${folder}${sep}.`);
    return undefined;
  } catch (error) {
    return `Cannot read the folder "${folder}": ${wordsOf(error)}. Give this account the right to read it`;
  }
}

/** A pipe that somebody left in FOLDER must not be waited for. Throws the system's error. */
function readRegularFile(file: string): string {
  const descriptor = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    if (!fstatSync(descriptor).isFile()) throw new Error("it is no regular file");
    return readFileSync(descriptor, "utf8");
  } finally {
    closeSync(descriptor);
  }
}
