/**
 * MIROIR_TEST_PART  `2/3`: of the tables of a long test file every third row, from the second on; all rows without it.
 * `npm test` runs the parts of a file as processes of their own, so that no processor waits for another.
 */
const { MIROIR_TEST_PART: part = "1/1" } = process.env;

/** The rows of a table that this process is to run: each belongs to exactly one part. */
export function ofThisPart<Row>(rows: readonly Row[]): Row[] {
  const [, number = 0, count = 0] = (/^(\d+)\/(\d+)$/.exec(part) ?? []).map(Number);
  if (number < 1 || number > count) throw new Error(`MIROIR_TEST_PART is "${part}", and should be like "2/3"`);
  return rows.filter((_, index) => index % count === number - 1);
}
