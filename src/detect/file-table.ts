import type { ManifestEntry } from "./manifest.ts";
import { indexOfName, namesOf, type PackedFolder, type PackedRecords, type Packing, RECORDED, SEEN } from "./packed.ts";
import type { FileEntry, RelPath } from "./tree.ts";

/** Files by path, as a `Map` holds them. */
export interface Files<Entry> extends Iterable<[RelPath, Entry]> {
  readonly size: number;
  get(path: RelPath): Entry | undefined;
  has(path: RelPath): boolean;
  set(path: RelPath, entry: Entry): unknown;
  delete(path: RelPath): boolean;
  keys(): Iterable<RelPath>;
}

/**
 * Files by path, held folder by folder: packed where nothing has changed since, as a `Map` otherwise. It has no order.
 * What `get` gives is a copy.
 */
export interface FileTable<Entry extends FileEntry, Packed extends PackedFolder> extends Files<Entry> {
  /** Files that stand in `folder` itself. */
  entriesIn(folder: RelPath): Iterable<[RelPath, Entry]>;
  /** Undefined for a folder without files, and for one that is not packed. */
  packedAt(folder: RelPath): Packed | undefined;
  /** In place of what stood in the folder itself. */
  putFolder(folder: RelPath, packed: Packed): void;
  dropFolder(folder: RelPath): void;
  /** Packs what can be packed. */
  pack(): void;
  /** Those that hold files themselves. */
  folders(): Iterable<RelPath>;
  hasFolder(folder: RelPath): boolean;
}

/** What a walk sees. */
export type SeenFiles = FileTable<FileEntry, PackedFolder>;
/** What the site is known to hold. */
export type RecordedFiles = FileTable<ManifestEntry, PackedRecords>;

export const createSeenFiles = (): SeenFiles => createFileTable(SEEN);
export const createRecordedFiles = (): RecordedFiles => createFileTable(RECORDED);

function createFileTable<Entry extends FileEntry, Packed extends PackedFolder>({
  pack,
  entryAt,
}: Packing<Entry, Packed>): FileTable<Entry, Packed> {
  type Content = Packed | Map<string, Entry>;
  const contents = new Map<RelPath, Content>();
  let size = 0;
  // Paths come in the order of folders nearly always.
  let lastFolder: RelPath = "";
  let lastPacked: Packed | undefined;
  let lastNames: readonly string[] = [];

  function folderOf(path: RelPath): RelPath {
    const slash = path.lastIndexOf("/");
    if (slash < 0) return "";
    if (slash !== lastFolder.length || !path.startsWith(lastFolder)) lastFolder = path.slice(0, slash);
    return lastFolder;
  }

  function indexIn(packed: Packed, name: string): number {
    if (packed !== lastPacked) [lastPacked, lastNames] = [packed, namesOf(packed)];
    return indexOfName(lastNames, name);
  }

  /** What stands in a folder, in a form that can be changed. */
  function opened(folder: RelPath): Map<string, Entry> {
    const content = contents.get(folder);
    if (content instanceof Map) return content;
    const open = new Map<string, Entry>();
    if (content) for (const [index, name] of namesOf(content).entries()) open.set(name, entryAt(content, index));
    contents.set(folder, open);
    return open;
  }

  const countOf = (content: Content | undefined) => (content instanceof Map ? content.size : (content?.count ?? 0));
  const namesIn = (content: Content) => (content instanceof Map ? content.keys() : namesOf(content));
  const nameIn = (path: RelPath, folder: RelPath) => (folder === "" ? path : path.slice(folder.length + 1));
  const pathIn = (folder: RelPath, name: string) => (folder === "" ? name : `${folder}/${name}`);

  const table: FileTable<Entry, Packed> = {
    get size() {
      return size;
    },
    get(path) {
      const folder = folderOf(path);
      const content = contents.get(folder);
      if (content === undefined) return undefined;
      const name = nameIn(path, folder);
      if (content instanceof Map) return content.get(name);
      const index = indexIn(content, name);
      return index < 0 ? undefined : entryAt(content, index);
    },
    has(path) {
      const folder = folderOf(path);
      const content = contents.get(folder);
      if (content === undefined) return false;
      const name = nameIn(path, folder);
      return content instanceof Map ? content.has(name) : indexIn(content, name) >= 0;
    },
    set(path, entry) {
      const folder = folderOf(path);
      const open = opened(folder);
      size -= open.size;
      open.set(nameIn(path, folder), entry);
      size += open.size;
    },
    delete(path) {
      if (!table.has(path)) return false;
      const folder = folderOf(path);
      const open = opened(folder);
      open.delete(nameIn(path, folder));
      if (open.size === 0) contents.delete(folder);
      size--;
      return true;
    },
    *keys() {
      for (const [folder, content] of contents) for (const name of namesIn(content)) yield pathIn(folder, name);
    },
    *[Symbol.iterator]() {
      for (const folder of contents.keys()) yield* table.entriesIn(folder);
    },
    *entriesIn(folder) {
      const content = contents.get(folder);
      if (content instanceof Map) {
        for (const [name, entry] of content) yield [pathIn(folder, name), entry];
      } else if (content) {
        for (const [index, name] of namesOf(content).entries()) yield [pathIn(folder, name), entryAt(content, index)];
      }
    },
    packedAt(folder) {
      const content = contents.get(folder);
      return content instanceof Map ? undefined : content;
    },
    putFolder(folder, packed) {
      if (packed.count === 0) return table.dropFolder(folder);
      size += packed.count - countOf(contents.get(folder));
      contents.set(folder, packed);
    },
    dropFolder(folder) {
      size -= countOf(contents.get(folder));
      contents.delete(folder);
    },
    pack() {
      for (const [folder, content] of contents) {
        const packed = content instanceof Map ? pack(content) : undefined;
        if (packed) contents.set(folder, packed);
      }
      [lastPacked, lastNames] = [undefined, []];
    },
    folders: () => contents.keys(),
    hasFolder: (folder) => contents.has(folder),
  };
  return table;
}

type AnyTable<Entry extends FileEntry> = FileTable<Entry, PackedFolder>;

function isTable<Entry extends FileEntry>(files: Files<Entry>): files is AnyTable<Entry> {
  return "packedAt" in files;
}

/** Undefined where the files are held in another way. */
export function recordedTable(files: Files<ManifestEntry>): RecordedFiles | undefined {
  return isTable(files) ? (files as RecordedFiles) : undefined;
}

/** The files of `one`, but for those in folders that it has in common with `other`: there nothing is different. */
export function* entriesNotShared<Entry extends FileEntry>(
  one: Files<Entry>,
  other: Files<FileEntry>,
): Generator<[RelPath, Entry]> {
  if (!isTable(one) || !isTable(other)) return yield* one;
  for (const folder of one.folders()) {
    const packed = one.packedAt(folder);
    if (packed === undefined || packed !== other.packedAt(folder)) yield* one.entriesIn(folder);
  }
}
