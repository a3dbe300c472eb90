/** What one process of `bun test` runs: a test file, or a part of a long one. */
export interface Shard {
  name: string;
  /** In the form that "bun test" takes for exactly this file: with "./" before it. */
  file: string;
  env: Record<string, string>;
}

/**
 * The files that take long, and in how many parts they are run (test/part.ts). They are begun first, so that no
 * processor is left alone with one of them at the end.
 */
export const LONG_FILES: readonly [file: string, parts: number][] = [
  ["test/faults/matrix.test.ts", 4],
  ["test/simulation/mutants.test.ts", 1],
  ["test/remote/site.test.ts", 4],
  ["test/simulation/simulation.test.ts", 2],
  ["test/simulation/crash-points.test.ts", 1],
  ["test/wine/wine.test.ts", 1],
  ["test/wine/windows-ways.test.ts", 1],
  ["test/artefacts/service.test.ts", 1],
  ["test/artefacts/elsewhere.test.ts", 1],
  ["test/artefacts/files.test.ts", 1],
  ["test/e2e/watch.test.ts", 1],
  ["test/e2e/interrupt.test.ts", 1],
  ["test/faults/crash.test.ts", 1],
  ["test/e2e/reconnect.test.ts", 1],
  ["test/e2e/mirror.test.ts", 1],
  ["test/faults/servers.test.ts", 1],
  ["test/faults/isolation.test.ts", 1],
  ["test/e2e/exit-codes.test.ts", 1],
];

/**
 * All of `files` in the order they are begun: the first part of each long file, then the second ones, so that those
 * that keep a processor busy run beside those that wait. Throws when a long file is none of the test files `all`.
 */
export function shardsOf(files: readonly string[], all: readonly string[] = files): Shard[] {
  const strange = LONG_FILES.find(([file]) => !all.includes(file));
  if (strange) throw new Error(`test/shards.ts names "${strange[0]}", and there is no such test file`);
  const long = LONG_FILES.filter(([file]) => files.includes(file));
  const others = files.filter((file) => !long.some(([each]) => each === file));
  const parts = long.map(([file, count]) => partsOf(file, count));
  const most = Math.max(0, ...parts.map(({ length }) => length));
  const inTurn = Array.from({ length: most }, (_, turn) => parts.flatMap((each) => each[turn] ?? []));
  return [...inTurn.flat(), ...others.flatMap((file) => partsOf(file, 1))];
}

function partsOf(file: string, count: number): Shard[] {
  if (count === 1) return [{ name: file, file: `./${file}`, env: {} }];
  return Array.from({ length: count }, (_, index) => {
    const part = `${index + 1}/${count}`;
    return { name: `${file} part ${part}`, file: `./${file}`, env: { MIROIR_TEST_PART: part } };
  });
}
