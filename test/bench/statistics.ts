/** Of a set of figures, which may not be empty. */
export interface Summary {
  median: number;
  smallest: number;
  largest: number;
}

export function summarise(figures: readonly number[]): Summary {
  return { median: quantile(figures, 0.5), smallest: Math.min(...figures), largest: Math.max(...figures) };
}

/**
 * The figure below or at which this share (0 to 1) of them lies, between two figures in proportion. NaN for none.
 */
export function quantile(figures: readonly number[], share: number): number {
  const sorted = [...figures].sort((a, b) => a - b);
  const position = (sorted.length - 1) * share;
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}

export function median(figures: readonly number[]): number {
  return quantile(figures, 0.5);
}

/**
 * How many times as large each of `these` is as the one of `those` that was measured beside it; where the two were not
 * measured equally often, the one ratio of their medians.
 */
export function ratios(these: readonly number[], those: readonly number[]): number[] {
  if (these.length !== those.length) return [median(these) / median(those)];
  return these.map((figure, index) => figure / (those[index] ?? Number.NaN));
}
