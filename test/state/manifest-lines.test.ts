import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { emptyManifest, type ManifestEntry } from "../../src/detect/manifest.ts";
import { readLines } from "../../src/state/manifest-lines.ts";
import { manifestText } from "../../src/state/manifest-text.ts";
import { sourceOf } from "./manifest-source.ts";

const IDENTITY = { folder: "/home/alice/website", site: "ftp://alice@example.org:21/www" };
const SHA1 = "0123456789abcdef0123456789abcdef01234567";
const HEAD = '{ "version": 1, "generation": 1,\n"files": {\n';
const TAIL = '\n},\n"folders": [\n\n] }\n';
const LINE = `"a": { "mtime": 1795332001123.25, "size": 3, "sha1": "${SHA1}" }`;
const ENTRY: ManifestEntry = { mtimeMs: 1795332001123.25, sizeBytes: 3, sha1: SHA1 };

function read(text: string, pieceBytes?: number): Record<string, ManifestEntry> | undefined {
  const lines = readLines(sourceOf(text, pieceBytes).read);
  return lines && Object.fromEntries(lines.files);
}

const readEntries = (...lines: string[]) => read(HEAD + lines.join(",\n") + TAIL);

/** As the disk gives it: nanoseconds, in milliseconds since the epoch. */
const diskTimes = fc
  .tuple(fc.integer({ min: 0, max: 2 ** 34 }), fc.integer({ min: 0, max: 999_999_999 }))
  .map(([seconds, nanoseconds]) => seconds * 1000 + nanoseconds / 1e6);

describe("readLines()", () => {
  test("reads what manifestText() writes, however it comes in pieces", () => {
    const manifest = emptyManifest();
    for (let index = 0; index < 3000; index++) {
      const path = ["", "é/", "f/g/"][index % 3] + "x".repeat(index % 250) + index;
      manifest.files.set(path, { ...ENTRY, sizeBytes: index, ...(index % 5 === 0 && { racy: true }) });
    }
    manifest.files.set("f/g/plain", { ...ENTRY, undated: true });
    for (let index = 0; index < 20_000; index++) manifest.folders.add(`folder ${index}`);
    const text = [...manifestText(IDENTITY, 7, manifest)].join("");
    for (const pieceBytes of [1000, 1_000_000]) {
      const lines = readLines(sourceOf(text, pieceBytes).read);
      expect(new Map(lines?.files)).toEqual(new Map(manifest.files));
      const { version, folders, generation } = JSON.parse(`${lines?.head}\n"files": {${lines?.tail}`);
      expect([version, generation, folders.length]).toEqual([1, 7, 20_000]);
    }
  });

  test("reads each number as JSON does", () => {
    const numbers = fc.oneof(
      { weight: 3, arbitrary: diskTimes },
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.integer().map((value) => value / 10_000),
    );
    fc.assert(
      fc.property(fc.array(numbers, { minLength: 1 }), (times) => {
        const lines = times.map((time, index) =>
          LINE.replace('"a"', `"${index}"`).replace("1795332001123.25", `${time}`),
        );
        const found = readEntries(...lines) ?? {};
        expect(times.map((_, index) => found[index]?.mtimeMs)).toEqual(times.map((time) => JSON.parse(`${time}`)));
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    { name: "an escape", path: String.raw`a\"b\\c\u00e9\n`, want: 'a"b\\cé\n' },
    { name: "an escaped slash", path: String.raw`f\/a`, want: "f/a" },
    { name: "letters beyond ASCII", path: "é/网/🙂", want: "é/网/🙂" },
    { name: "the name of a prototype", path: "x/__proto__", want: "x/__proto__" },
  ])("reads a path with $name", ({ path, want }) => {
    expect(readEntries(LINE.replace('"a"', `"${path}"`))).toEqual({ [want]: ENTRY });
  });

  test("takes names in any order, folders that come again, and of a path the last entry", () => {
    const lines = ["b", "a", "f/x", "a/x", "f/y", "f/x", "b", "ab"].map((path, index) =>
      LINE.replace('"a"', `"${path}"`).replace('"size": 3', `"size": ${index}`),
    );
    const found = readEntries(...lines) ?? {};
    expect(
      Object.entries(found)
        .map(([path, { sizeBytes }]) => `${path} ${sizeBytes}`)
        .sort(),
    ).toEqual(
      ["a 1", "a/x 3", "ab 7", "b 6", "f/x 5", "f/y 4"], // biome-ignore format: one line
    );
  });

  test("reads a manifest without files", () => {
    expect(read(HEAD + TAIL)).toEqual({});
  });

  test.each([
    ["another order of fields", LINE.replace(/("mtime": [\d.]+), ("size": 3)/, "$2, $1")],
    ["another space", LINE.replace(": {", ":{")],
    ["an upper-case digit", LINE.replace("abcdef", "ABCDEF")],
    ["a digit too few", LINE.replace("4567", "456")],
    ["a digit too many", LINE.replace("4567", "45678")],
    ["a size with a leading zero", LINE.replace('"size": 3', '"size": 03')],
    ["a size below zero", LINE.replace('"size": 3', '"size": -3')],
    ["a size with a fraction", LINE.replace('"size": 3', '"size": 3.5')],
    ["no size", LINE.replace('"size": 3', '"size": ')],
    ["a time that is no number", LINE.replace("1795332001123.25", "1795332001123.2x")],
    ["a time with a point at its end", LINE.replace("1795332001123.25", "1795332001123.")],
    ["a time with a leading zero", LINE.replace("1795332001123.25", "01795332001123.25")],
    ["an infinite time", LINE.replace("1795332001123.25", "1e999")],
    ["a path that leads out", LINE.replace('"a"', '"../a"')],
    ["a path through a dot", LINE.replace('"a"', '"b/./a"')],
    ["an absolute path", LINE.replace('"a"', '"/a"')],
    ["a path that ends in a slash", LINE.replace('"a"', '"a/"')],
    ["two slashes", LINE.replace('"a"', '"a//b"')],
    ["no path", LINE.replace('"a"', '""')],
    ["a NUL", LINE.replace('"a"', '"a\\u0000"')],
    ["half a letter", LINE.replace('"a"', '"\\ud800"')],
    ["a raw control character", LINE.replace('"a"', '"a\tb"')],
    ["an unknown field", LINE.replace(" }", ', "x": true }')],
    ["flags the other way round", LINE.replace(" }", ', "undated": true, "racy": true }')],
    ["a second comma", `${LINE},`],
    ["a line that is cut short", LINE.slice(0, 30)],
    ["a line that is very long", LINE.replace('"a"', `"${"a".repeat(200_000)}"`)],
  ])("leaves %s to others", (_, line) => {
    expect(readEntries(LINE.replace('"a"', '"0"'), line)).toBeUndefined();
  });

  test("leaves bytes that are no UTF-8 to others", () => {
    const bytes = Buffer.from(HEAD + LINE.replace('"a"', '"a\xff"') + TAIL, "latin1");
    let at = 0;
    const next = (into: Uint8Array) => {
      const piece = bytes.subarray(at, at + into.length);
      into.set(piece);
      at += piece.length;
      return piece.length;
    };
    expect(readLines(next)).toBeUndefined();
  });

  test.each([
    ["nothing", ""],
    ["other JSON", "{}"],
    ["a text that ends behind the files", HEAD + LINE],
    ["a text that ends in the files", `${HEAD}${LINE},\n`],
    ["no folders", `${HEAD}${LINE}\n} }\n`],
  ])("leaves %s to others", (_, text) => {
    expect(read(text)).toBeUndefined();
  });
});
