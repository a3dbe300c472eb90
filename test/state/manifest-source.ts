import type { ManifestSource } from "../../src/state/manifest-text.ts";

/** @param pieceBytes how many come at once */
export function sourceOf(text: string, pieceBytes = 1000): ManifestSource {
  const bytes = Buffer.from(text);
  let at = 0;
  return {
    read(into) {
      const piece = bytes.subarray(at, at + Math.min(pieceBytes, into.length));
      into.set(piece);
      at += piece.length;
      return piece.length;
    },
    all: () => bytes.toString(),
  };
}
