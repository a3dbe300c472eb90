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
    if (record?.op === "intend" && record.intent) open.set(record.intent.id, record.intent.path);
    if (record?.op === "settle") open.delete(record.id ?? "");
    if (record?.op === "put") open.delete(record.settles ?? "");
    for (const { op, path } of record?.op === "begin" ? (record.steps ?? []) : [])
      if (op === "upload") open.set(`in place ${path}`, path);
    if (/^(put|drop|end)$/.test(record?.op ?? "")) open.delete(`in place ${record?.path}`);
    if (goesOn && record) apply(claims, record);
  }
  for (const path of open.values()) claims.intended.add(path);
  return claims;
}

/** One file of the state, or one line of it: whichever fields there are. */
interface Written {
  generation?: number;
  files?: Record<string, WrittenEntry>;
  folders?: string[];
  op?: string;
  path?: string;
  from?: string;
  to?: string;
  entry?: WrittenEntry;
  id?: string;
  settles?: string;
  intent?: { id: string; path: string };
  steps?: { op: string; path: string }[];
}

/** The manifest says `size`, the journal `sizeBytes`. */
interface WrittenEntry {
  size?: number;
  sizeBytes?: number;
  sha1: string;
  undated?: boolean;
}

function apply({ files, folders }: Claims, record: Written): void {
  const { path = "", from = "", to = "", entry } = record;
  switch (record.op) {
    case "put":
      if (entry) files.set(path, claimOf(entry));
      break;
    case "drop":
      files.delete(path);
      break;
    case "folder":
      folders.add(path);
      break;
    case "unfolder":
      folders.delete(path);
      break;
    case "move":
      move(files, folders, from, to);
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

function claimOf({ size, sizeBytes = size ?? -1, sha1, undated = false }: WrittenEntry): Claim {
  return { sizeBytes, sha1, undated };
}

function parse(text: string): Written | undefined {
  try {
    return JSON.parse(text) as Written;
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
