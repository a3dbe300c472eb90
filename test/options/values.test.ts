import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  bytes,
  choice,
  deletionLimit,
  duration,
  fingerprint,
  integer,
  parseSwitch,
  text,
} from "../../src/options/values.ts";

const UNLIMITED = Number.POSITIVE_INFINITY;

describe("duration()", () => {
  const type = duration({ minMs: 100, endless: "off" });

  test.each<[string, number | undefined]>([
    ["500ms", 500],
    ["1s", 1000],
    ["1.5s", 1500],
    ["5m", 300_000],
    ["24h", 86_400_000],
    ["2d", 172_800_000],
    ["2", 2000],
    ["0.1", 100],
    ["off", UNLIMITED],
    ["99ms", undefined],
    ["24d", 2_073_600_000],
    ["25d", undefined],
    ["-1s", undefined],
    ["1 s", undefined],
    ["1S", undefined],
    [".5s", undefined],
    ["1e3", undefined],
    ["", undefined],
    ["unlimited", undefined],
  ])("reads %j as %p ms", (given, want) => expect(type.parse(given)).toBe(want));

  test("tells its limits", () => expect(duration({ minMs: 10 }).expected).toContain("from 10ms to 24d"));

  test("takes no word unless it has one", () => expect(duration({ minMs: 10 }).parse("off")).toBeUndefined());
});

describe("bytes()", () => {
  test.each<[string, number | undefined]>([
    ["1", 1],
    ["500k", 500_000],
    ["500K", 500_000],
    ["2M", 2_000_000],
    ["1.5M", 1_500_000],
    ["1G", 1_000_000_000],
    ["none", UNLIMITED],
    ["0", undefined],
    ["0k", undefined],
    ["-1", undefined],
    ["1T", undefined],
    ["1MB", undefined],
    ["k", undefined],
    ["99999999999G", undefined],
  ])("reads %j as %p", (given, want) => expect(bytes("RATE", { endless: "none" }).parse(given)).toBe(want));
});

describe("integer()", () => {
  test.each<[string, number | undefined]>([
    ["1", 1],
    ["064", 64],
    ["64", 64],
    ["0", undefined],
    ["65", undefined],
    ["+1", undefined],
    ["1.0", undefined],
    ["0x1", undefined],
    ["", undefined],
    [" 1", undefined],
    ["unlimited", undefined],
  ])("from 1 to 64 reads %j as %p", (given, want) => expect(integer({ min: 1, max: 64 }).parse(given)).toBe(want));

  test.each<[string, number | undefined]>([
    ["unlimited", UNLIMITED],
    ["Unlimited", undefined],
    ["9007199254740991", Number.MAX_SAFE_INTEGER],
    ["9007199254740992", undefined],
  ])("without end reads %j as %p", (given, want) =>
    expect(integer({ min: 0, endless: "unlimited" }).parse(given)).toBe(want));
});

describe("deletionLimit()", () => {
  test.each([
    { given: "none", want: { kind: "none" } },
    { given: "0", want: { kind: "count", count: 0 } },
    { given: "25", want: { kind: "count", count: 25 } },
    { given: "50%", want: { kind: "percent", percent: 50, floor: 0 } },
    { given: "0.5%", want: { kind: "percent", percent: 0.5, floor: 0 } },
    { given: "100%", want: { kind: "percent", percent: 100, floor: 0 } },
    { given: "101%", want: undefined },
    { given: "2.5", want: undefined },
    { given: "-1", want: undefined },
    { given: "%", want: undefined },
    { given: "", want: undefined },
  ])("reads $given", ({ given, want }) => expect(deletionLimit().parse(given)).toEqual(want as never));
});

describe("fingerprint()", () => {
  const hex = "0123456789abcdef".repeat(4);
  const grouped = hex.toUpperCase().replace(/..(?!$)/g, "$&:");

  test.each([
    { name: "plain", given: hex, want: hex },
    { name: "upper case with colons", given: grouped, want: hex },
    { name: "too short", given: hex.slice(2), want: undefined },
    { name: "too long", given: `${hex}00`, want: undefined },
    { name: "another letter", given: hex.replace("f", "g"), want: undefined },
    { name: "a colon lost", given: grouped.replace(":", ""), want: undefined },
  ])("$name", ({ given, want }) => expect(fingerprint().parse(given)).toBe(want));
});

test.each<[string, boolean | undefined]>([
  ["1", true],
  ["TRUE", true],
  ["yes", true],
  ["on", true],
  ["0", false],
  ["false", false],
  ["No", false],
  ["off", false],
  ["", undefined],
  ["2", undefined],
])("parseSwitch(%j) is %p", (given, want) => expect(parseSwitch(given)).toBe(want));

test("choice() takes its words only, as they are written", () => {
  const type = choice("auto", "never");
  expect([type.parse("auto"), type.parse("Auto"), type.parse(""), type.hint]).toEqual([
    "auto",
    undefined,
    undefined,
    "auto|never",
  ]);
});

test("text() refuses what is empty or holds a NUL", () => {
  const type = text("FILE", "a file name");
  expect([type.parse("a b"), type.parse(""), type.parse("a\0b")]).toEqual(["a b", undefined, undefined]);
});

test.each([
  { minMs: 10, want: 'a duration from 10ms to 24d, like "500ms", "30s", "5m" or "24h"' },
  { minMs: 60_000, want: 'a duration from 1m to 24d, like "5m" or "24h"' },
])("duration() from $minMs ms has only examples that it takes", ({ minMs, want }) => {
  const type = duration({ minMs });
  expect(type.expected).toBe(want);
  for (const [, example = ""] of want.matchAll(/"(\w+)"/g)) expect(type.parse(example)).toBeGreaterThan(0);
});

describe("format() shows what parse() reads", () => {
  const span = fc.integer({ min: 1, max: 2_073_600_000 });

  test("durations", () => {
    const type = duration({ minMs: 1, endless: "off" });
    fc.assert(fc.property(span, (value) => type.parse(type.format(value)) === value));
    expect([86_400_000, 300_000, 1000, 1500, UNLIMITED].map(type.format)).toEqual(["24h", "5m", "1s", "1500ms", "off"]);
  });

  test("sizes", () => {
    const type = bytes("RATE", { endless: "none" });
    fc.assert(fc.property(span, (value) => type.parse(type.format(value)) === value));
    expect([10_000_000, 1_500_000, 7, UNLIMITED].map(type.format)).toEqual(["10M", "1500k", "7", "none"]);
  });

  test("deletion limits", () => {
    const type = deletionLimit();
    for (const given of ["none", "7", "12.5%"]) expect(type.format(type.parse(given) ?? { kind: "none" })).toBe(given);
    expect(type.format({ kind: "percent", percent: 50, floor: 10 })).toBe("50% and more than 10");
  });
});
