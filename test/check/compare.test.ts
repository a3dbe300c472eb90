import { describe, expect, test } from "bun:test";
import { compare, type Known, timedFiles } from "../../src/check/compare.ts";
import { emptyReport } from "../../src/check/report.ts";
import type { SiteLook } from "../../src/check/site-look.ts";
import { createRules } from "../../src/detect/ignore.ts";
import { createScope } from "../../src/detect/scope.ts";
import type { Snapshot } from "../../src/detect/tree.ts";
import { type RemoteEntry, SiteError } from "../../src/remote/site.ts";
import { treeOf } from "../detect/differences.ts";
import { manifestOf, snapshotOf } from "../plan/tree-model.ts";

const SENT_MS = 1_795_332_001_250;
const SENT_SECOND_MS = 1_795_332_001_000;

interface Case {
  name: string;
  /** As `treeOf` takes it. */
  here: Record<string, string>;
  /** What miroir sent, where it is not what is here. */
  sent?: Record<string, string>;
  /** The same for the site; a time only where it tells one. `-> link` is something else. */
  there: Record<string, string>;
  seen?(snapshot: Snapshot, look: SiteLook): void;
  delete?: Known["delete"];
  depth?: number;
  rules?: string[];
  undated?: string[];
  want: string[];
}

const TIMES: Case[] = [
  { name: "as it was sent", here: { a: `x@${SENT_MS}` }, there: { a: `x@${SENT_SECOND_MS}` }, want: [] },
  { name: "adopted 2 s apart", here: { a: `x@${SENT_MS}` }, there: { a: `x@${SENT_MS - 2000}` }, want: [] },
  { name: "over 2 s apart", here: { a: `x@${SENT_MS}` }, there: { a: `x@${SENT_MS - 2001}` }, want: ["time a"] },
  {
    name: "edited in the second it was sent in",
    here: { a: `y@${SENT_MS + 500}` },
    sent: { a: `x@${SENT_MS}` },
    there: { a: `y@${SENT_SECOND_MS}` },
    want: ["time a"],
  },
  {
    name: "edited in the next second",
    here: { a: `y@${SENT_MS + 1000}` },
    sent: { a: `x@${SENT_MS}` },
    there: { a: `x@${SENT_SECOND_MS}` },
    want: ["time a"],
  },
  {
    name: "sent by a run that was killed before it could note it",
    here: { a: `y@${SENT_MS + 5000}` },
    sent: { a: `x@${SENT_MS}` },
    there: { a: `y@${SENT_SECOND_MS + 5000}` },
    want: [],
  },
  {
    name: "a time that the server did not take",
    here: { a: `x@${SENT_MS}` },
    there: { a: "x@1000" },
    undated: ["a"],
    want: [],
  },
  { name: "a time that nobody set", here: { a: `x@${SENT_MS}` }, sent: {}, there: { a: "x@1000" }, want: [] },
  { name: "no time told", here: { a: `x@${SENT_MS}` }, there: { a: "x" }, want: [] },
];

const CASES: Case[] = [
  { name: "nothing on either side", here: {}, there: {}, want: [] },
  { name: "the same", here: { a: "x", "f/b": "y" }, there: { a: "x", "f/b": "y" }, want: [] },
  { name: "another size", here: { a: "xx" }, there: { a: "x" }, want: ["size a"] },
  { name: "no size told", here: { a: "xx" }, there: { a: "?" }, want: [] },
  { name: "missing", here: { a: "x", "f/b": "y" }, there: {}, want: ["missing a", "missing f", "missing f/b"] },
  { name: "a folder for a file", here: { a: "x" }, there: { "a/": "" }, want: ["type a"] },
  { name: "a link for a file", here: { a: "x" }, there: { a: "-> link" }, want: ["type a"] },
  {
    name: "a file for a folder that holds something",
    here: { "f/b": "x" },
    sent: { f: "x" },
    there: { f: "x" },
    want: ["type f", "missing f/b"],
  },
  { name: "foreign entries, by default", here: {}, sent: {}, there: { a: "x", "f/b": "y" }, want: [] },
  {
    name: "foreign entries, with --delete all",
    here: { c: "x" },
    sent: {},
    there: { a: "x", "f/b": "y", c: "x" },
    delete: "all",
    want: ["foreign a", "foreign f", "foreign f/b"],
  },
  {
    name: "foreign entries out of scope, and the folders they are in",
    here: {},
    sent: {},
    there: { "f/a.bak": "x", "f/b": "y", "1/2/deep": "x", "f/g/": "" },
    delete: "all",
    depth: 1,
    rules: ["*.bak"],
    want: ["foreign f/b"],
  },
  {
    name: "what was sent and is gone here",
    here: {},
    sent: { a: "x", "f/b": "y" },
    there: { a: "x", "f/b": "y" },
    want: ["extra a", "extra f", "extra f/b"],
  },
  { name: "the same, gone there too", here: {}, sent: { a: "x" }, there: {}, want: [] },
  { name: "the same, something else there", here: {}, sent: { a: "x" }, there: { "a/": "" }, want: [] },
  { name: "the same with --delete none", here: {}, sent: { a: "x" }, there: { a: "x" }, delete: "none", want: [] },
  {
    name: "what was sent and is out of scope now",
    here: {},
    sent: { "a.bak": "x", "f/b": "y" },
    there: { "a.bak": "x", "f/b": "y" },
    depth: 0,
    rules: ["*.bak"],
    want: [],
  },
  {
    name: "what was sent and cannot be read now",
    here: {},
    sent: { "f/b": "x" },
    there: { "f/b": "x" },
    seen: ({ problems }) => problems.push({ path: "f", reason: "unreadable", detail: "" }),
    want: ["unchecked f"],
  },
  {
    name: "a name that cannot be sent",
    here: {},
    there: {},
    seen: ({ skipped }) => {
      skipped.set("a\nb", { path: "a\nb", isFolder: false, reason: "unsafe-name", told: true });
      skipped.set("l", { path: "l", isFolder: false, reason: "link", told: true });
    },
    want: ["unchecked a\nb"],
  },
  {
    name: "a name that only answers when it is asked for",
    here: { A: "x" },
    there: { A: "x" },
    seen: (_, { unlisted }) => unlisted.add("A"),
    want: ["altered A"],
  },
  {
    name: "a folder that could not be listed: an absence in it is none",
    here: { "f/a": "x", "f/g/b": "x", "f/c": "xx" },
    there: { "f/": "", "f/c": "x" },
    seen: (_, { unanswered }) =>
      unanswered.set("f", new SiteError("denied", { kind: "permanent", reason: "refused", code: 550 })),
    want: ["size f/c", "unchecked f"],
  },
];

function run({
  here,
  sent = here,
  there,
  seen,
  delete: deletes = "tracked",
  depth = 6,
  rules = [],
  undated = [],
}: Case) {
  const snapshot = snapshotOf(treeOf(here));
  const look: SiteLook = { found: new Map(), unlisted: new Set(), unanswered: new Map(), leftovers: [] };
  const tree = treeOf(there);
  for (const path of tree.folders) look.found.set(path, { name: path, type: "folder" });
  for (const [path, { content }] of tree.files) {
    const [, mtime] = (there[path] ?? "").split("@");
    const entry: RemoteEntry = { name: path, type: content === "-> link" ? "other" : "file" };
    if (content !== "?") entry.sizeBytes = content.length;
    if (mtime !== undefined) entry.mtimeMs = Number(mtime);
    look.found.set(path, entry);
  }
  seen?.(snapshot, look);
  const manifest = manifestOf(treeOf(sent));
  for (const path of undated) {
    const entry = manifest.files.get(path);
    if (entry) entry.undated = true;
  }
  const known: Known = { manifest, scope: createScope(depth, createRules(rules), new Set()), delete: deletes };
  const report = emptyReport();
  const same = compare(snapshot, known, look, report);
  const timed = timedFiles(snapshot, known, look);
  const shown = [
    ...report.differences.map(({ kind, path }) => `${kind} ${path}`),
    ...report.unchecked.map(({ path }) => `unchecked ${path}`),
  ];
  return { report, same, timed, shown };
}

describe("compare()", () => {
  test.each([...CASES, ...TIMES])("$name", (given) => {
    const { shown, report, same } = run(given);
    expect(shown.sort()).toEqual(given.want.sort());
    // What is the same is compared by content; a size, a type or an absence has decided already.
    const decided = new Set(report.differences.filter(({ kind }) => kind !== "time").map(({ path }) => path));
    expect(same.filter((path) => decided.has(path))).toEqual([]);
  });

  test("counts what was compared, and nothing that was not", () => {
    const { report } = run({
      name: "",
      here: { a: "four", "f/b": "xx" },
      there: { "f/": "" },
      seen: (_, { unanswered }) =>
        unanswered.set("f", new SiteError("denied", { kind: "permanent", reason: "refused", code: 550 })),
      want: [],
    });
    expect(report.compared).toEqual({ files: 1, folders: 1, bytes: 4 });
  });
});

describe("timedFiles()", () => {
  test.each<Pick<Case, "name" | "there"> & { sent: Record<string, string>; undated?: string[]; want?: string[] }>([
    { name: "a file that was sent", sent: { a: "x@1000" }, there: { a: "x" }, want: ["a"] },
    { name: "not one that was not", sent: {}, there: { a: "x" } },
    { name: "not one whose time the server did not take", sent: { a: "x@1000" }, there: { a: "x" }, undated: ["a"] },
    { name: "not one that has another size anyway", sent: { a: "x@1000" }, there: { a: "xx" } },
    { name: "not one that a crash left in doubt", sent: { a: "x@0" }, there: { a: "x" } },
  ])("$name", ({ sent, there, undated = [], want = [] }) => {
    expect(run({ name: "", here: { a: "x@1000" }, sent, there, undated, want: [] }).timed).toEqual(want);
  });
});
