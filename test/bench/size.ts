/** How much work each experiment is. */
export interface Size {
  rttMs: number;
  smallFiles: number;
  manyFiles: number;
  removals: number;
  renames: number;
  saves: number;
  largeFileBytes: number;
  hugeTreeFiles: number;
  /** Against which the memory of a huge tree is held. */
  fewFiles: number;
  idleSeconds: number;
  starts: number;
  /** Whether the figures mean anything. */
  isJudged: boolean;
}

export const SIZES = {
  full: {
    rttMs: 20,
    smallFiles: 500,
    manyFiles: 2000,
    removals: 500,
    renames: 500,
    saves: 30,
    largeFileBytes: 1024 ** 3,
    hugeTreeFiles: 100_000,
    fewFiles: 1000,
    idleSeconds: 130,
    starts: 20,
    isJudged: true,
  },
  tiny: {
    rttMs: 20,
    smallFiles: 12,
    manyFiles: 40,
    removals: 20,
    renames: 20,
    saves: 2,
    largeFileBytes: 5 * 1024 ** 2,
    hugeTreeFiles: 400,
    fewFiles: 50,
    idleSeconds: 3,
    starts: 2,
    isJudged: false,
  },
} satisfies Record<string, Size>;
