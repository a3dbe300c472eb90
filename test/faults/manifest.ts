import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface Claim {
  sizeBytes: number;
  sha1: string;
  /** The server took no mtime for it. */
  undated: boolean;
}

/** What the state folder says the site holds: the manifest and the journal that goes on from it. */
export interface Claims {
  files: Map<string, Claim>;
  folders: Set<string>;
  /** Files that an attempt left half done, for a later run to look after. */
  intended: Set<string>;
}

/** Reads the one mirror of a state folder, by the format that the documentation promises and nothing of the program's own. */
export function readClaims(stateFolder: string): Claims {
  const claims: Claims = { files: new Map(), folders: new Set(), intended: new Set() };
  const mirror = readdirSync(stateFolder, { withFileTypes: true }).find((entry) => entry.isDirectory());
  if (!mirror) return claims;
  const manifest = parse(readIfThere(join(stateFolder, mirror.name, "manifest.json")));
  for (const [path, entry] of Object.entries(manifest?.files ?? {})) claims.files.set(path, claimOf(entry));
  for (const path of manifest?.folders ?? []) claims.folders.add(path);
  const [head = "", ...lines] = readIfThere(join(stateFolder, mirror.name, "journal.jsonl"))
    .split("\n")
    .slice(0, -1);
  const goesOn = parse(head)?.generation === (manifest?.generation ?? 0);
  const open = new Map<string, string>();
  for (const line of lines) {
    const record = parse(line);
    if (record?.op === "intend") open.set(record.intent.id, record.intent.path);
    if (record?.op === "settle") open.delete(record.id);
    if (record?.op === "put") open.delete(record.settles);
    if (goesOn && record) apply(claims, record);
  }
  for (const path of open.values()) claims.intended.add(path);
  return claims;
}

// biome-ignore lint/suspicious/noExplicitAny: the documented format, read without the program's own types
type Json = any;

function apply({ files, folders }: Claims, record: Json): void {
  switch (record.op) {
    case "put":
      files.set(record.path, claimOf({ ...record.entry, size: record.entry.sizeBytes }));
      break;
    case "drop":
      files.delete(record.path);
      break;
    case "folder":
      folders.add(record.path);
      break;
    case "unfolder":
      folders.delete(record.path);
      break;
    case "move":
      move(files, folders, record.from, record.to);
      break;
  }
}

function move(files: Map<string, Claim>, folders: Set<string>, from: string, to: string): void {
  const isMoved = (path: string) => path === from || path.startsWith(`${from}/`);
  for (const [path, claim] of [...files].filter(([path]) => isMoved(path))) {
    files.delete(path);
    files.set(to + path.slice(from.length), claim);
  }
  for (const path of [...folders].filter(isMoved)) {
    folders.delete(path);
    folders.add(to + path.slice(from.length));
  }
}

function claimOf({ size, sha1, undated }: Json): Claim {
  return { sizeBytes: size, sha1, undated: undated === true };
}

function parse(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
