import { mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { REMOTE_FOLDER } from "./world.ts";

const LONG_AGO = 1_700_000_000;

/** Writes a file with a time of its own, so that nothing hangs on the clock of the test. */
export function write(folder: string, path: string, content: string | Uint8Array, seconds = LONG_AGO): void {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  utimesSync(file, seconds, seconds);
}

/** A folder in which something of every kind is going to change. */
export function layFolder(folder: string): void {
  write(folder, "keep.txt", "kept as it is");
  write(folder, "modified.txt", "the first version");
  write(folder, "same-size.txt", "version 1");
  write(folder, "touched.txt", "touched, not changed");
  write(folder, "empty.txt", "");
  write(folder, "big.bin", Buffer.alloc(200_000, "first "));
  write(folder, "old name.txt", "only its name changes");
  write(folder, "deleted.txt", "to be deleted");
  write(folder, "moved/a.txt", "moved with its folder");
  write(folder, "moved/deep/b.txt", "moved with its folder, deeper");
  write(folder, "gone/g.txt", "deleted with its folder");
  write(folder, "file-to-folder", "a file first");
  write(folder, "folder-to-file/x.txt", "a folder first");
}

/** A change of every kind. */
export function changeFolder(folder: string): void {
  const later = LONG_AGO + 100;
  write(folder, "modified.txt", "the second version, longer", later);
  write(folder, "same-size.txt", "version 2", later);
  write(folder, "touched.txt", "touched, not changed", later);
  write(folder, "big.bin", Buffer.alloc(300_000, "second "), later);
  renameSync(join(folder, "old name.txt"), join(folder, "new name.txt"));
  rmSync(join(folder, "deleted.txt"));
  renameSync(join(folder, "moved"), join(folder, "moved-here"));
  rmSync(join(folder, "gone"), { recursive: true });
  rmSync(join(folder, "file-to-folder"));
  write(folder, "file-to-folder/inside.txt", "a folder now", later);
  rmSync(join(folder, "folder-to-file"), { recursive: true });
  write(folder, "folder-to-file", "a file now", later);
  write(folder, "new.txt", "new", later);
  write(folder, "new-folder/n.txt", "new in a new folder", later);
  mkdirSync(join(folder, "new-empty-folder"));
}

/** A site that holds part of the folder already: some equal, one of the same size and another time. */
export function layAdoptable(root: string, folder: string): void {
  const site = join(root, REMOTE_FOLDER);
  write(site, "keep.txt", "kept as it is");
  write(site, "moved/a.txt", "moved with its folder");
  write(site, "foreign/f.txt", "not of the mirror");
  mkdirSync(join(folder, "empty-folder"));
}
