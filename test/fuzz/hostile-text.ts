import fc from "fast-check";

const PIECES = [
  ..."\r\n\0\t \u001b\"'\\/:;@%?#[](){}|,.-=*!~$+",
  ...[
    "\r\n",
    "220 ",
    "220-",
    "226 ok\r\n",
    "213 12",
    "421 ",
    "999 ",
    "229 (|||",
    "|)",
    "227 (",
    "9,9,9,9,9,9",
    '257 "',
  ],
  ...[
    "type=file;",
    "type=dir;",
    "type=cdir;",
    "size=",
    "modify=",
    "unix.mode=0644;",
    "perm=",
    "20200229235960",
    "..",
    "../",
  ],
  ...[
    "-rw-r--r-- 1 a b ",
    "drwxr-xr-x 2 a b ",
    "lrwxrwxrwx ",
    " -> ",
    "Jan  1 00:00 ",
    "01-01-20  12:00AM ",
    "<DIR> ",
    "total 9",
  ],
  ...[
    "ftp://",
    "ftps://",
    "alice",
    ":",
    "@",
    "%2F",
    "%zz",
    "%",
    "[::1]",
    "[",
    "xn--",
    "\u2028",
    "\ufeff",
    "\u00e9",
    "\ud800",
    "\u{1f680}",
  ],
  ...[
    "99999999999999999999",
    "-1",
    "1e9",
    "NaN",
    "__proto__",
    "constructor",
    "{",
    "}",
    "null",
    '"a":',
    "[[",
    "]]",
    "'''",
    '"""',
  ],
];

/** Text of what parsers stumble over, besides letters of all kinds. */
export const hostileText = (maxPieces = 60): fc.Arbitrary<string> =>
  fc
    .array(
      fc.oneof(
        { weight: 6, arbitrary: fc.constantFrom(...PIECES) },
        fc.string({ unit: "grapheme" }),
        fc.string({ unit: "binary" }),
      ),
      {
        maxLength: maxPieces,
      },
    )
    .map((pieces) => pieces.join(""));

/** `text`, with some of it overwritten, cut out or written twice. */
export function damaged(text: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const damage = fc.record({
    at: fc.nat(),
    length: fc.nat({ max: 40 }),
    by: fc.oneof(hostileText(3), fc.constant("")),
  });
  return fc.tuple(text, fc.array(damage, { maxLength: 4 })).map(([whole, damages]) => {
    let result = whole;
    for (const { at, length, by } of damages) {
      const start = at % (result.length + 1);
      result = result.slice(0, start) + by + result.slice(start + length);
    }
    return result;
  });
}

/** `text` in the pieces that packets may bring. */
export const inPackets = (text: fc.Arbitrary<string>): fc.Arbitrary<{ text: string; packets: string[] }> =>
  fc.tuple(text, fc.array(fc.nat(), { maxLength: 30 })).map(([whole, cuts]) => {
    const places = [...new Set(cuts.map((cut) => cut % (whole.length + 1)))].sort((a, b) => a - b);
    const ends = [...places, whole.length];
    return { text: whole, packets: ends.map((end, index) => whole.slice(ends[index - 1] ?? 0, end)) };
  });
