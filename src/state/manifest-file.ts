import type { Manifest } from "../detect/manifest.ts";
import { codeOf, wordsOf } from "../report/system-error.ts";
import { openPieces, readOwnFile } from "./disk.ts";
import { StateError } from "./errors.ts";
import { parseManifest } from "./manifest-text.ts";
import { type Fields, isGeneration, type MirrorIdentity, VERSION } from "./validate.ts";

export const MANIFEST_FILE = "manifest.json";

export type ReadManifest =
  | { kind: "none" }
  | { kind: "damaged" }
  | { kind: "read"; manifest: Manifest; generation: number };

/** Throws StateError "foreign", "newer" or "unusable"; changes nothing. */
export function readManifestFile(file: string, identity: MirrorIdentity): ReadManifest {
  const found = unlessMissing(file, () => {
    const read = openPieces(file);
    try {
      return { parsed: parseManifest({ read: read.next, all: () => decoded(readOwnFile(file)) }) };
    } finally {
      read.close();
    }
  });
  if (!found) return { kind: "none" };
  const { parsed } = found;
  if (!parsed || !checkHeader(file, parsed.header, identity)) return { kind: "damaged" };
  // A manifest without a generation was written by hand: no journal belongs to it.
  const { generation = 1 } = parsed.header;
  if (!parsed.manifest || !isGeneration(generation)) return { kind: "damaged" };
  return { kind: "read", manifest: parsed.manifest, generation };
}

/** "" for what is not UTF-8: a replacement character would be another name. */
function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return "";
  }
}

/** Undefined when there is no such file. Throws StateError "unusable". */
export function readIfThere(file: string): Uint8Array | undefined {
  return unlessMissing(file, () => readOwnFile(file));
}

function unlessMissing<T>(file: string, read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw new StateError("unusable", `Cannot read "${file}": ${wordsOf(error)}. Make it readable for this account`, {
      cause: error,
    });
  }
}

/**
 * Whether `header` is that of this mirror; false when it is none at all. Throws StateError "foreign" or "newer".
 */
export function checkHeader(file: string, header: Fields, identity: MirrorIdentity): boolean {
  const { version, folder, site } = header;
  if (typeof version !== "number" || !Number.isSafeInteger(version) || version < VERSION) return false;
  if (version > VERSION) {
    throw new StateError("newer", `Cannot use "${file}": a newer miroir wrote it. Use that version, or a newer one`);
  }
  if (typeof folder !== "string" || typeof site !== "string") return false;
  if (folder !== identity.folder || site !== identity.site) {
    throw new StateError(
      "foreign",
      `Cannot use "${file}": it describes the mirror of "${folder}" on "${site}", ` +
        `not of "${identity.folder}" on "${identity.site}". Choose another place with --state-dir`,
    );
  }
  return true;
}
