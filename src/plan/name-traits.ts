import type { RelPath } from "../detect/tree.ts";

/**
 * What of a name a server may store otherwise than it was sent: letter cases, spaces at its ends, foreign letters.
 * Characters are told apart one by one where servers do (punctuation), by their script where they are many.
 */
export function traitsOf(name: string): string[] {
  const traits = new Set<string>();
  if (name.startsWith(" ")) traits.add("space at the start");
  if (name.endsWith(" ")) traits.add("space at the end");
  if (name.endsWith(".")) traits.add("dot at the end");
  for (const character of name.replace(PLAIN, "")) traits.add(characterTrait(character));
  return [...traits];
}

const PLAIN = /[a-z0-9._-]+/g;
/** A path without any trait, told at a glance: most are. */
const PLAIN_PATH = /^(?:[a-z0-9_/-]|\.(?!\/|$))*$/;

function characterTrait(character: string): string {
  if (/[A-Z]/.test(character)) return "A";
  if (character <= "~") return character;
  if (character <= "\u00ff") return "é";
  if (/\p{M}/u.test(character)) return "e\u0301";
  if (character > "\uffff") return "😀";
  return /\p{L}/u.test(character) ? "网" : "–";
}

/** A name that shows one trait, for trying it out. Every one differs from the others in `number`. */
export function specimenOf(trait: string, number: number): string {
  switch (trait) {
    case "space at the start":
      return ` x${number}`;
    case "space at the end":
      return `x${number} `;
    case "dot at the end":
      return `x${number}.`;
    default:
      return `x${number}${trait}x`;
  }
}

/** The traits of every part of the paths that are not known yet. */
export function unknownTraits(paths: Iterable<RelPath>, known: ReadonlySet<string>): Set<string> {
  const unknown = new Set<string>();
  for (const path of paths) {
    if (PLAIN_PATH.test(path)) continue;
    for (const name of path.split("/")) for (const trait of traitsOf(name)) if (!known.has(trait)) unknown.add(trait);
  }
  return unknown;
}

/** The trait by which a server that alters `traits` would store the path under another name; undefined for none. */
export function alteredTrait(path: RelPath, traits: ReadonlySet<string>): string | undefined {
  if (traits.size === 0 || PLAIN_PATH.test(path)) return undefined;
  return path
    .split("/")
    .flatMap(traitsOf)
    .find((trait) => traits.has(trait));
}
