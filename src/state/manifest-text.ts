import { recordedTable } from "../detect/file-table.ts";
import { emptyManifest, type Manifest, type ManifestEntry } from "../detect/manifest.ts";
import { FILES, FOLDERS, type Read, readLines } from "./manifest-lines.ts";
import { checkedEntry, type Fields, isFields, isRelPath, type MirrorIdentity, VERSION } from "./validate.ts";

/** So many entries are made text at once: all of it would be as large again as what it tells. */
const LINES_IN_A_PIECE = 2000;

/**
 * One line for each entry, in pieces; those of a folder follow one another in order, as they are read the fastest. The
 * text is put together by hand: an object can hold no file named `__proto__` by plain assignment, and a second copy of
 * 100,000 entries is saved.
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
  recordedTable(manifest.files)?.pack();
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

/** A text, by the piece and as a whole. */
export interface ManifestSource {
  read: Read;
  all(): string;
}

/** Undefined when this is no JSON object. Any JSON text will do; the layout of manifestText() is read in a tenth of the time. */
export function parseManifest(source: ManifestSource): ParsedManifest | undefined {
  return parseLines(source.read) ?? parseText(source.all());
}

function parseLines(read: Read): ParsedManifest | undefined {
  const lines = readLines(read);
  const header = lines && parseObject(`${lines.head}${FILES.trimEnd()}${lines.tail}`);
  if (!lines || !header) return undefined;
  const manifest: Manifest = { files: lines.files, folders: new Set() };
  return takeFolders(manifest, header.folders) ? { header, manifest } : undefined;
}

function parseText(text: string): ParsedManifest | undefined {
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
