import { expect, test } from "bun:test";
import { COMMANDS, type Command } from "../../src/options/row.ts";
import { usage } from "../../src/options/usage.ts";
import { widthOf, wordWrapped } from "../../src/report/wrap.ts";

const LINE = 'Cannot read "/a/path/that/is/wider/than/the/terminal": it does not exist (ENOENT)';

test("wordWrapped() breaks between words only, and nothing where lines have no end", () => {
  const wrapped = wordWrapped(LINE, 40);
  expect(wrapped).toBe('Cannot read\n"/a/path/that/is/wider/than/the/terminal":\nit does not exist (ENOENT)');
  expect(wordWrapped(LINE, Number.POSITIVE_INFINITY)).toBe(LINE);
});

test("widthOf() a pipe has no end", () => {
  expect([
    widthOf({ columns: 40 }),
    widthOf({ isTTY: true, columns: 40 }),
    widthOf({ isTTY: true, columns: 0 }),
  ]).toEqual([...[Number.POSITIVE_INFINITY, 40, Number.POSITIVE_INFINITY]]);
});

test.each([
  undefined,
  ...(Object.keys(COMMANDS) as Command[]),
])("usage() of %s parts no word and fits 40 columns", (command) => {
  const [wide, narrow] = [usage(command), usage(command, 40)];
  const words = (text: string) => text.split(/\s+/);
  expect(words(narrow)).toEqual(words(wide));
  expect(usage(command, 200)).toBe(wide);
  const tooLong = narrow.split("\n").filter((line) => line.length > 40);
  expect(tooLong.filter((line) => line.trim().includes(" "))).toEqual([]);
});
