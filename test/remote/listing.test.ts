import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseHumanListing, parseMachineLine, parseMachineListing } from "../../src/remote/listing.ts";
import type { RemoteEntry } from "../../src/remote/site.ts";

const MODIFY = Date.UTC(2020, 8, 13, 12, 26, 40);
const lines = (...all: string[]) => all.map((line) => `${line}\r\n`).join("");

describe("parseMachineLine()", () => {
  test.each<{ name: string; line: string; want: RemoteEntry | undefined }>([
    {
      name: "a file of ProFTPD",
      line: "modify=20200913122640;perm=adfrw;size=4;type=file;unique=801U2;UNIX.group=0;UNIX.groupname=root;UNIX.mode=0644;UNIX.owner=0; a.txt",
      want: { name: "a.txt", type: "file", sizeBytes: 4, mtimeMs: MODIFY, mode: 0o644 },
    },
    {
      name: "a folder of Pure-FTPd",
      line: "type=dir;sizd=4096;modify=20200913122640;UNIX.mode=0755;UNIX.uid=0;UNIX.gid=0;unique=801g2; sub",
      want: { name: "sub", type: "folder", mtimeMs: MODIFY, mode: 0o755 },
    },
    {
      name: "facts in capitals",
      line: "Type=FILE;Size=4;Modify=20200913122640; A",
      want: { name: "A", type: "file", sizeBytes: 4, mtimeMs: MODIFY },
    },
    {
      name: "a name with spaces at its ends",
      line: "type=file;size=0;  a b  ",
      want: { name: " a b  ", type: "file", sizeBytes: 0 },
    },
    { name: "a name with ; and =", line: "type=file; type=dir; x", want: { name: "type=dir; x", type: "file" } },
    {
      name: "a link",
      line: "type=OS.unix=slink:/etc/passwd;size=9; link",
      want: { name: "link", type: "other", sizeBytes: 9 },
    },
    { name: "a size that is none", line: "type=file;size=-4; a", want: { name: "a", type: "file" } },
    { name: "a size in words", line: "type=file;size=many; a", want: { name: "a", type: "file" } },
    { name: "a time that is none", line: "type=file;modify=yesterday; a", want: { name: "a", type: "file" } },
    { name: "a mode that is none", line: "type=file;UNIX.mode=rwx; a", want: { name: "a", type: "file" } },
    { name: "the folder itself", line: "type=cdir;modify=20200913122640; .", want: undefined },
    { name: "the folder above", line: "type=pdir;modify=20200913122640; ..", want: undefined },
    { name: "no type", line: "size=4; a", want: undefined },
    { name: "no facts", line: " a", want: undefined },
    { name: "no name", line: "type=file;size=4;", want: undefined },
    { name: "a line of LIST", line: "-rw-r--r-- 1 root root 4 Sep 13 12:26 a", want: undefined },
    { name: "nothing", line: "", want: undefined },
  ])("$name", ({ line, want }) => expect(parseMachineLine(line)).toEqual(want as RemoteEntry));

  test("a size beyond what a number holds exactly is not taken for a size", () => {
    const { sizeBytes } = parseMachineLine("type=file;size=99999999999999999999; a") ?? {};
    expect(sizeBytes === undefined || Number.isSafeInteger(sizeBytes)).toBe(true);
  });
});

const HOSTILE_NAMES = [".", "..", "../a", "/etc/passwd", "a/b", "a/../b", "a\0b", ""];

describe("names that leave their folder are not believed", () => {
  test.each(HOSTILE_NAMES)("MLSD %j", (name) => {
    const text = lines(`type=file;size=4; ${name}`, "type=dir; honest");
    expect(parseMachineListing(text).entries.map((entry) => entry.name)).toEqual(["honest"]);
  });

  test.each(HOSTILE_NAMES.filter((name) => name !== ""))("LIST %j", (name) => {
    const text = lines(
      `-rw-r--r--    1 0        0               4 Sep 13 12:26 ${name}`,
      "drwxr-xr-x    2 0        0            4096 Sep 13 12:26 honest",
    );
    expect(parseHumanListing(text).entries.map((entry) => entry.name)).toEqual(["honest"]);
  });
});

describe("parseMachineListing()", () => {
  test("takes LF for CRLF, and drops what is no entry", () => {
    expect(parseMachineListing("type=cdir; .\ntype=file;size=1; a\n\ntype=dir; b")).toEqual({
      entries: [
        { name: "a", type: "file", sizeBytes: 1 },
        { name: "b", type: "folder" },
      ],
      isUnderstood: true,
    });
  });

  test.each(["garbage", "size=4; a", "type=file;", "type=file; ../a"])("with a line %j is not understood", (line) => {
    const { entries, isUnderstood } = parseMachineListing(lines("type=cdir; .", line, "type=dir; b"));
    expect({ names: entries.map(({ name }) => name), isUnderstood }).toEqual({ names: ["b"], isUnderstood: false });
  });

  test("of nothing is empty", () => expect(parseMachineListing("")).toEqual({ entries: [], isUnderstood: true }));
});

describe("parseHumanListing()", () => {
  test.each<{ name: string; text: string; want: RemoteEntry[] }>([
    {
      name: "vsftpd",
      text: lines(
        "drwxr-xr-x    3 1000     1000         4096 Nov 22 07:20 .",
        "drwxr-xr-x    3 1000     1000         4096 Nov 22 07:20 ..",
        "-rw-r--r--    1 1000     1000            4 Sep 13  2020 .htaccess",
        "-rw-r--r--    1 1000     1000   5368709120 Nov 22 07:20 large file",
        "drwxr-xr-x    2 1000     1000         4096 Nov 22 07:20 sub",
      ),
      want: [
        { name: ".htaccess", type: "file", sizeBytes: 4 },
        { name: "large file", type: "file", sizeBytes: 5_368_709_120 },
        { name: "sub", type: "folder" },
      ],
    },
    {
      name: "a total before it",
      text: lines("total 8", "-rw-r--r-- 1 www-data www-data 4 Sep 13 12:26 a"),
      want: [{ name: "a", type: "file", sizeBytes: 4 }],
    },
    {
      name: "links",
      text: lines(
        "lrwxrwxrwx 1 root root 11 Sep 13 12:26 link -> /etc/passwd",
        "-rw-r--r-- 1 root root 4 Sep 13 12:26 a",
      ),
      want: [
        { name: "link", type: "other" },
        { name: "a", type: "file", sizeBytes: 4 },
      ],
    },
    {
      name: "an ACL, a sticky folder, a user with a space",
      text: lines("-rw-rw-r--+ 1 root root 4 Sep 13 12:26 a", "drwxrwxrwt 2 domain user users 4096 Sep 13 12:26 tmp"),
      want: [
        { name: "a", type: "file", sizeBytes: 4 },
        { name: "tmp", type: "folder" },
      ],
    },
    {
      name: "IIS",
      text: lines("09-13-20  12:26PM       <DIR>          sub", "09-13-2020  12:26PM                    4 a b.txt"),
      want: [
        { name: "sub", type: "folder" },
        { name: "a b.txt", type: "file", sizeBytes: 4 },
      ],
    },
    {
      name: "spaces at the ends of a name",
      text: lines("-rw-r--r-- 1 root root 4 Sep 13 12:26  a "),
      want: [{ name: " a ", type: "file", sizeBytes: 4 }],
    },
    {
      name: "an arrow in the name of a file",
      text: lines("-rw-r--r-- 1 root root 4 Sep 13 12:26 a -> b"),
      want: [{ name: "a -> b", type: "file", sizeBytes: 4 }],
    },
    { name: "nothing", text: "", want: [] },
    { name: "a total alone", text: lines("total 0"), want: [] },
  ])("$name", ({ text, want }) => expect(parseHumanListing(text)).toEqual({ entries: want, isUnderstood: true }));

  test.each(["garbage", "-rw-r--r-- a", "\0", "<html>"])("with a line %j is not understood", (line) => {
    const { entries, isUnderstood } = parseHumanListing(lines(line, "-rw-r--r-- 1 root root 4 Sep 13 12:26 a"));
    expect({ names: entries.map(({ name }) => name), isUnderstood }).toEqual({ names: ["a"], isUnderstood: false });
  });

  test("tells no times: they have no zone and no seconds", () => {
    const [entry] = parseHumanListing(lines("-rw-r--r-- 1 root root 4 Sep 13 12:26 a")).entries;
    expect(entry).not.toHaveProperty("mtimeMs");
  });
});

describe("no listing makes a parser throw, hang or give a name that leaves its folder", () => {
  const word = fc.constantFrom(
    "type=file;",
    "type=dir;",
    "size=1;",
    "modify=2020;",
    " ",
    "..",
    "/",
    "a",
    "\r\n",
    "\n",
    "\0",
    "é",
  );
  const column = fc.constantFrom(
    "-rw-r--r--",
    "drwxr-xr-x",
    "lrwxrwxrwx",
    " 1",
    " root",
    " 4",
    " Sep 13",
    " 12:26",
    " <DIR>",
    " -> ",
    "..",
    "/",
    "a",
    "\r\n",
    "09-13-20",
  );
  const hostile = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.array(word, { maxLength: 60 }).map((words) => words.join("")),
    fc.array(column, { maxLength: 60 }).map((columns) => columns.join("")),
    fc.constantFrom("a", " ", ";", "=", "-", "1 ", "\r\n").map((piece) => `-rw-r--r-- 1 ${piece.repeat(20_000)}`),
  );

  test.each(Object.entries({ parseMachineListing, parseHumanListing }))("%s()", (_, parse) => {
    fc.assert(
      fc.property(hostile, (text) => {
        for (const { name } of parse(text).entries) {
          expect(name).not.toMatch(/[/\0]/);
          expect(["", ".", ".."]).not.toContain(name);
        }
      }),
      { numRuns: 500 },
    );
  });

  test("parseMachineLine()", () => {
    fc.assert(fc.property(hostile, (line) => void parseMachineLine(line)));
  });
});
