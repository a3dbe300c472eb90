import { emptyManifest, type Manifest, type ManifestEntry } from "../detect/manifest.ts";
import { checkedEntry, type Fields, isFields, isRelPath, type MirrorIdentity, VERSION } from "./validate.ts";

const FILES = '\n"files": {\n';
const FOLDERS = '\n},\n"folders": [\n';

/** So many entries are made text at once: all of it would be as large again as what it tells. */
const LINES_IN_A_PIECE = 2000;

/**
 * One line for each entry, in pieces. The text is put together by hand: an object can hold no file named `__proto__` by
 * plain assignment, and a second copy of 100,000 entries is saved.
 */
export function* manifestText(
  { folder, site }: MirrorIdentity,
  generation: number,
  manifest: Manifest,
): Generator<string> {
  const head = [
    `"version": ${VERSION}`,
    `"folder": ${JSON.stringify(folder)}`,
    `"site": ${JSON.stringify(site)}`,
    `"generation": ${generation}`,
  ];
  yield `{ ${head.join(", ")},${FILES}`;
  yield* inPieces(manifest.files, ([path, entry]) => `${JSON.stringify(path)}: ${entryText(entry)}`);
  yield FOLDERS;
  yield* inPieces(manifest.folders, (path) => JSON.stringify(path));
  yield "\n] }\n";
}

function* inPieces<T>(entries: Iterable<T>, lineOf: (entry: T) => string): Generator<string> {
  let lines: string[] = [];
  let isFirst = true;
  for (const entry of entries) {
    lines.push(lineOf(entry));
    if (lines.length < LINES_IN_A_PIECE) continue;
    yield (isFirst ? "" : ",\n") + lines.join(",\n");
    isFirst = false;
    lines = [];
  }
  if (lines.length > 0) yield (isFirst ? "" : ",\n") + lines.join(",\n");
}

function entryText({ mtimeMs, sizeBytes, sha1, racy, undated }: ManifestEntry): string {
  const flags = (racy ? ', "racy": true' : "") + (undated ? ', "undated": true' : "");
  return `{ "mtime": ${mtimeMs}, "size": ${sizeBytes}, "sha1": "${sha1}"${flags} }`;
}

export interface ParsedManifest {
  /** `version`, `folder`, `site`, `generation`: not checked. */
  header: Fields;
  /** Undefined when any part of it is not what it must be. */
  manifest: Manifest | undefined;
}

/** Undefined when this is no JSON object. Any JSON text will do; the layout of manifestText() is read in half the time. */
export function parseManifest(text: string): ParsedManifest | undefined {
  const quick = parseLines(text);
  if (quick) return quick;
  const header = parseObject(text);
  if (!header) return undefined;
  const { files, folders } = header;
  const manifest = emptyManifest();
  const isSound =
    isFields(files) &&
    Object.keys(files).every((path) => takeFile(manifest, path, files[path])) &&
    takeFolders(manifest, folders);
  return { header, manifest: isSound ? manifest : undefined };
}

/** A line of manifestText(): its numbers are JSON's. A name with an escape in it is left to the general way. */
const LINE =
  /"([^"\\\u0000-\u001f]*)": \{ "mtime": (-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?), "size": (\d+), "sha1": "([0-9a-f]{40})"(, "racy": true)?(, "undated": true)? \}(?:,\n|(?=\n\},))/y;

function parseLines(text: string): ParsedManifest | undefined {
  const filesAt = text.indexOf(FILES);
  const foldersAt = text.lastIndexOf(FOLDERS);
  if (filesAt < 0 || foldersAt < filesAt + FILES.length) return undefined;
  const header = parseObject(`${text.slice(0, filesAt)}"files": {${text.slice(foldersAt)}`);
  const manifest = emptyManifest();
  if (!header || !takeFolders(manifest, header.folders)) return undefined;
  LINE.lastIndex = filesAt + FILES.length;
  while (LINE.lastIndex < foldersAt) {
    const [line, path, mtime, size, sha1, racy, undated] = LINE.exec(text) ?? [];
    if (line === undefined || !isRelPath(path)) return undefined;
    const flags = { racy: racy !== undefined, undated: undated !== undefined };
    const entry = checkedEntry(Number(mtime), Number(size), sha1, flags);
    if (!entry) return undefined;
    manifest.files.set(path, entry);
  }
  return { header, manifest };
}

function parseObject(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function takeFile(manifest: Manifest, path: string, read: unknown): boolean {
  if (!isRelPath(path) || !isFields(read)) return false;
  const entry = checkedEntry(read.mtime, read.size, read.sha1, read);
  if (entry) manifest.files.set(path, entry);
  return entry !== undefined;
}

function takeFolders(manifest: Manifest, folders: unknown): boolean {
  if (!Array.isArray(folders) || !folders.every(isRelPath)) return false;
  for (const folder of folders) manifest.folders.add(folder);
  return true;
}
