import { createHash } from "node:crypto";
import { levelOf } from "../../src/detect/tree.ts";

const BRANCHES = ["a", "dossier été", "#100%'&+"];
/** FOLDER itself and nine levels below it. */
const DEEPEST_LEVEL = 9;
const FILES_EACH = 10;

export interface DeepTree {
  files: Map<string, Uint8Array>;
  /** The folders that a depth of 6 stops at. */
  tooDeep: string[];
}

/** 300 files of every kind in 9 levels: as many in FOLDER itself as in each level. */
export function deepTree(): DeepTree {
  const files = new Map<string, Uint8Array>();
  const tooDeep: string[] = [];
  BRANCHES.forEach((branch, branchIndex) => {
    let folder = "";
    for (let level = 0; level <= DEEPEST_LEVEL; level++) {
      if (level > 0) folder = level === 1 ? branch : `${folder}/${level} ${branch}`;
      if (level === 7) tooDeep.push(folder);
      for (let index = 0; index < FILES_EACH; index++) {
        const path = `${folder === "" ? "" : `${folder}/`}${fileName(branchIndex, index)}`;
        files.set(path, content(path, SIZES[index] ?? 100));
      }
    }
  });
  return { files, tooDeep };
}

/** Whether a depth of 6 takes it in. A folder's own level is one more than that of the folder it lies in. */
export function isInScope(path: string, isFolder: boolean): boolean {
  return levelOf(path) + (isFolder ? 1 : 0) <= 6;
}

const SIZES = [0, 1, 2, 77, 4096, 65_536, 65_537, 150_001, 12, 13];
const NAMES = [
  "empty",
  "one byte",
  ".hidden",
  "été 日本 🚀.html",
  "-dash",
  "semi;colon, and comma.txt",
  "quote\"and'.txt",
  "percent%41.txt",
  "[bracket] (paren).txt",
  "UPPER.TXT",
];

function fileName(branchIndex: number, index: number): string {
  return `${NAMES[index]}${branchIndex}`;
}

/** The same bytes at each run, line ends and all that text mode would alter among them. */
function content(seed: string, sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  let block = createHash("sha256").update(seed).digest();
  for (let at = 0; at < sizeBytes; at += block.length) {
    bytes.set(block.subarray(0, Math.min(block.length, sizeBytes - at)), at);
    block = createHash("sha256").update(block).digest();
  }
  if (sizeBytes > 12) bytes.set(Buffer.from("\r\n\n\r\r\n\0\xff", "latin1"));
  return bytes;
}
