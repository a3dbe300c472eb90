import { expect, test } from "bun:test";
import { checkedRecord, isRelPath } from "../../src/state/validate.ts";

test.each([
  "a",
  "a/b",
  "...",
  ".a",
  "a..",
  "a/..b",
  "__proto__",
  " ",
  "a\nb",
  "a\\b",
  "\ud800",
  "é/网",
])("isRelPath() accepts %j", (path) => expect(isRelPath(path)).toBe(true));

test.each([
  "",
  "/",
  "/a",
  "a/",
  "a//b",
  ".",
  "..",
  "../a",
  "a/..",
  "a/../b",
  "a/./b",
  "a\0b",
  1,
  null,
  undefined,
  {},
])("isRelPath() refuses %j", (path) => expect(isRelPath(path)).toBe(false));

const entry = { mtimeMs: 1.25, sizeBytes: 3, sha1: "a".repeat(40) };
const intent = { id: "1", path: "a", temporary: "b/.miroir-1" };

test.each([
  { op: "put", path: "a", entry },
  { op: "put", path: "a", entry: { ...entry, racy: true, undated: true }, settles: "1" },
  { op: "drop", path: "a" },
  { op: "folder", path: "a" },
  { op: "unfolder", path: "a" },
  { op: "move", from: "a", to: "b" },
  { op: "intend", intent },
  { op: "intend", intent: { ...intent, aside: ".miroir-2" } },
  { op: "settle", id: "1" },
])("checkedRecord() gives back %j", (record) => {
  expect(checkedRecord(JSON.parse(JSON.stringify(record)))).toEqual(record as never);
});

const refused: unknown[] = [
  null,
  [],
  "drop",
  {},
  { op: "unknown", path: "a" },
  { op: "drop" },
  { op: "drop", path: "../a" },
  { op: "move", from: "a", to: "/b" },
  { op: "put", path: "a" },
  { op: "put", path: "a", entry: { ...entry, sizeBytes: -1 } },
  { op: "put", path: "a", entry: { ...entry, sizeBytes: 1.5 } },
  { op: "put", path: "a", entry: { ...entry, mtimeMs: null } },
  { op: "put", path: "a", entry: { ...entry, mtimeMs: Number.POSITIVE_INFINITY } },
  { op: "put", path: "a", entry: { ...entry, sha1: "A".repeat(40) } },
  { op: "put", path: "a", entry: { ...entry, sha1: "a".repeat(39) } },
  { op: "put", path: "a", entry, settles: 7 },
  { op: "settle" },
  { op: "intend", intent: { ...intent, temporary: "index.html" } },
  { op: "intend", intent: { ...intent, temporary: "../.miroir-1" } },
  { op: "intend", intent: { ...intent, aside: "index.html" } },
];

test.each(refused.map((record) => ({ record })))("checkedRecord() refuses $record", ({ record }) => {
  expect(checkedRecord(record)).toBeUndefined();
});
