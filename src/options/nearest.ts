/**
 * The candidate with the fewest edits (insert, delete, replace, swap of neighbours) from `word`, letter case aside;
 * the first of equals.
 */
export function nearest(word: string, candidates: Iterable<string>): { word: string; edits: number } | undefined {
  let best: { word: string; edits: number } | undefined;
  for (const candidate of candidates) {
    const edits = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (best === undefined || edits < best.edits) best = { word: candidate, edits };
  }
  return best;
}

/** So few edits for so many letters that a slip of the hand is likely. */
export function isSlip(written: string, edits: number): boolean {
  return edits <= Math.floor(written.replace(/^-+/, "").length / 3);
}

/** Optimal string alignment: a swap of neighbours counts once. */
export function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      let edits = Math.min(at(last, column) + 1, at(current, column - 1) + 1, at(last, column - 1) + (same ? 0 : 1));
      const swapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (swapped) edits = Math.min(edits, at(beforeLast, column - 2) + 1);
      current.push(edits);
    }
    beforeLast = last;
    last = current;
  }
  return at(last, to.length);
}

function at(numbers: number[], index: number): number {
  return numbers[index] ?? Number.POSITIVE_INFINITY;
}
