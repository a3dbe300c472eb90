import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  type Capabilities,
  formatFtpTime,
  parseExtendedPassive,
  parseFeatures,
  parseFtpTime,
  parsePassive,
  parseSize,
  parseWorkingFolder,
} from "../../src/remote/features.ts";

const ALL: Partial<Capabilities> = { mlsd: true, mlst: true, size: true, mdtm: true, setTime: "MFMT", utf8: true };
const MLST_FACTS = "modify*;perm*;size*;type*;unique*;UNIX.group*;UNIX.mode*;UNIX.owner*;";

const linesOf = (features: string) => features.split(" | ").map((line) => ` ${line}`);

describe("parseFeatures() finds the commands that tell a hash", () => {
  test.each<{ features: string; want: string[] }>([
    { features: "SIZE | UTF8", want: [] },
    { features: "XSHA1 | XMD5", want: ["XSHA1 sha1", "XMD5 md5"] },
    {
      features: "HASH CRC32;MD5;SHA-1*;SHA-256;SHA-512 | XMD5 | XSHA256 | XSHA1",
      want: ["XSHA1 sha1", "HASH sha1", "XSHA256 sha256", "HASH sha256", "XMD5 md5", "HASH md5"],
    },
    { features: "HASH SHA-512", want: [] },
  ])("$features", ({ features, want }) => {
    const { digests } = parseFeatures(linesOf(features));
    expect(digests.map(({ command, algorithm }) => `${command} ${algorithm}`)).toEqual(want);
  });
});

describe("parseFeatures()", () => {
  test.each<{ name: string; lines: string[] | undefined; want: Partial<Capabilities> }>([
    {
      name: "vsftpd 3.0.3",
      lines: linesOf("AUTH TLS | UTF8 | EPRT | EPSV | MDTM | PASV | PBSZ | PROT | REST STREAM | SIZE | TVFS"),
      want: { mlsd: false, mlst: false, size: true, mdtm: true, setTime: "MDTM", utf8: true },
    },
    {
      name: "ProFTPD 1.3.8",
      lines: linesOf(
        `CLNT | EPSV | LANG C.UTF-8* | MDTM | MFF modify;UNIX.mode; | MFMT | MLST ${MLST_FACTS} | SIZE | UTF8`,
      ),
      want: ALL,
    },
    {
      name: "Pure-FTPd",
      lines: linesOf(`UTF8 | EPRT | MDTM | SIZE | MFMT | REST STREAM | MLST ${MLST_FACTS} | MLSD | PRET | ESTA | EPSV`),
      want: ALL,
    },
    {
      name: "pyftpdlib",
      lines: linesOf(
        "EPRT | EPSV | MDTM | MFMT | MLST type*;perm*;size*;modify*;unique; | REST STREAM | SIZE | TVFS | UTF8",
      ),
      want: ALL,
    },
    {
      name: "FileZilla Server",
      lines: linesOf(
        "MDTM | REST STREAM | SIZE | MLST type*;size*;modify*; | MLSD | AUTH SSL | AUTH TLS | UTF8 | CLNT | MFMT | EPSV | EPRT",
      ),
      want: ALL,
    },
    {
      name: "IIS",
      lines: linesOf(
        "LANG EN* | UTF8 | AUTH TLS;TLS-C;SSL;TLS-P; | PBSZ | PROT C;P; | CCC | HOST | SIZE | MDTM | REST STREAM",
      ),
      want: { mlsd: false, mlst: false, size: true, mdtm: true, setTime: "MDTM", utf8: true },
    },
    { name: "lower case and tabs", lines: ["\tmlst Type*;Size*;", "mfmt", "  utf8  ", " size", " mdtm"], want: ALL },
    { name: "MLSD alone", lines: [" MLSD"], want: { mlsd: true, mlst: false } },
    { name: "nothing in it", lines: [], want: { mlsd: false, mlst: false, mdtm: false, utf8: false, size: true } },
    {
      name: "no FEAT at all",
      lines: undefined,
      want: { mlsd: false, mlst: false, size: true, mdtm: true, setTime: "MFMT", utf8: false },
    },
    {
      name: "words that only resemble",
      lines: [" XMLST", " SIZEX", " NOUTF8", " MFMTX"],
      want: { mlsd: false, mlst: false, utf8: false, setTime: "MDTM" },
    },
  ])("$name", ({ lines, want }) => {
    expect(parseFeatures(lines)).toMatchObject({ ...want, epsv: true, renameOverwrites: true });
  });
});

describe("parseExtendedPassive()", () => {
  test.each<[string, number | undefined]>([
    ["229 Entering Extended Passive Mode (|||28939|)", 28_939],
    ["229 Extended Passive mode OK (|||65535|)", 65_535],
    ["229 (!!!1!)", 1],
    ["229 Entering (by) Extended Passive Mode (|||28939|).", 28_939],
    ["229 (|1|10.0.0.1|28939|)", undefined],
    ["229 (|||0|)", undefined],
    ["229 (|||65536|)", undefined],
    ["229 (|||-1|)", undefined],
    ["229 (|||2893x|)", undefined],
    ["229 (||28939|)", undefined],
    ["229 (|||999999|)", undefined],
    ["229 |||28939|", undefined],
    ["229", undefined],
  ])("%s → %p", (text, port) => expect(parseExtendedPassive(text)).toBe(port as number));
});

describe("parsePassive()", () => {
  test.each<[string, number | undefined]>([
    ["227 Entering Passive Mode (127,0,0,1,113,2)", 28_930],
    ["227 Entering Passive Mode (127,0,0,1,113,2).", 28_930],
    ["227 Entering Passive Mode 127,0,0,1,113,2", 28_930],
    ["227 =127,0,0,1,0,21", 21],
    ["227 (10,0,0,1,255,255)", 65_535],
    ["227 (127,0,0,1,0,0)", undefined],
    ["227 (127,0,0,1,256,2)", undefined],
    ["227 (256,0,0,1,113,2)", undefined],
    ["227 (127,0,0,1,113)", undefined],
    ["227 (127,0,0,1,-1,2)", undefined],
    ["227 (127, 0, 0, 1, 113, 2)", undefined],
    ["227", undefined],
  ])("%s → %p", (text, port) => expect(parsePassive(text)).toBe(port as number));
});

describe("parseWorkingFolder()", () => {
  test.each<[string, string | undefined]>([
    ['257 "/" is your current location', "/"],
    ['257 "/home/a b"', "/home/a b"],
    ['257 "/a""b""" is current', '/a"b"'],
    ['257 "" is current', ""],
    ['257 "/é😀\\x" is current', "/é😀\\x"],
    ['257 "/open', undefined],
    ["257 /home is current", undefined],
    ["257", undefined],
  ])("%s → %p", (text, folder) => expect(parseWorkingFolder(text)).toBe(folder as string));
});

describe("parseSize()", () => {
  test.each<[string, number | undefined]>([
    ["213 0", 0],
    ["213 12345", 12_345],
    ["213  12345", 12_345],
    ["213 12345 bytes", 12_345],
    ["213 9007199254740991", Number.MAX_SAFE_INTEGER],
    ["213 9007199254740993", undefined],
    ["213 99999999999999999999999", undefined],
    ["213 -1", undefined],
    ["213 x12", undefined],
    ["213", undefined],
    ["", undefined],
  ])("%s → %p", (text, size) => expect(parseSize(text)).toBe(size as number));
});

describe("FTP times", () => {
  test.each<[string, number | undefined]>([
    ["19980615100045.014", Date.UTC(1998, 5, 15, 10, 0, 45, 14)],
    ["20261122072001", Date.UTC(2026, 10, 22, 7, 20, 1)],
    [" 20261122072001 ", Date.UTC(2026, 10, 22, 7, 20, 1)],
    ["20261122072001.5", Date.UTC(2026, 10, 22, 7, 20, 1, 500)],
    ["20240229000000", Date.UTC(2024, 1, 29)],
    ["20161231235960", Date.UTC(2017, 0, 1)],
    ["191000101000000", undefined],
    ["2026112207200", undefined],
    ["20261122072001Z", undefined],
    ["2026-11-22", undefined],
    ["20261122072001.", undefined],
    ["", undefined],
  ])("parseFtpTime(%p) → %p", (text, time) => expect(parseFtpTime(text)).toBe(time as number));

  test.each([
    "20261322072001",
    "20260230000000",
    "20260101250000",
    "20260101006100",
    "20260000000000",
  ])("parseFtpTime(%p), which is no such day or hour, is undefined", (text) =>
    expect(parseFtpTime(text)).toBeUndefined());

  test.each<[number, string | undefined]>([
    [0, "19700101000000"],
    [999, "19700101000000"],
    [1_600_000_000_999.75, "20200913122640"],
    [Date.UTC(9999, 11, 31, 23, 59, 59), "99991231235959"],
    [-1, undefined],
    [Date.UTC(10_000, 0, 1), undefined],
    [Number.NaN, undefined],
    [Number.POSITIVE_INFINITY, undefined],
    [8.64e15 + 1000, undefined],
  ])("formatFtpTime(%p) → %p", (ms, text) => expect(formatFtpTime(ms)).toBe(text as string));

  test("parseFtpTime() reads back what formatFtpTime() writes, in whole seconds", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: Date.UTC(9999, 11, 31), noNaN: true }), (ms) => {
        expect(parseFtpTime(formatFtpTime(ms) ?? "")).toBe(Math.floor(ms / 1000) * 1000);
      }),
    );
  });
});

describe("no reply makes a parser throw or hang", () => {
  const parsers = { parseExtendedPassive, parseFtpTime, parsePassive, parseSize, parseWorkingFolder };
  const hostile = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({ unit: fc.constantFrom(..."0123456789|,()\"' -;=.\r\n") }),
    fc.constantFrom('"', "(", "|", ",", "1", " ").map((character) => `229 ${character.repeat(60_000)}`),
  );

  test.each(Object.entries(parsers))("%s()", (_, parse) => {
    fc.assert(fc.property(hostile, (text) => void parse(text)));
  });

  test("parseFeatures()", () => {
    fc.assert(fc.property(fc.array(hostile), (lines) => void parseFeatures(lines)));
  });
});
