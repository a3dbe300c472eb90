import { describe, expect, test } from "bun:test";
import { planLines, type Told } from "../../src/mirror/plan-lines.ts";
import type { Plan } from "../../src/plan/plan.ts";

const NOTHING: Plan = {
  ...{ clear: [], structure: [], renames: [], uploads: [], touches: [], deletes: [], notes: [] },
  ...{ parked: [], parkedBecause: undefined, blocked: [] },
};

const linesOf = (plan: Partial<Plan>, more: Partial<Told> = {}) =>
  planLines({
    plan: { ...NOTHING, ...plan },
    isFolder: (path) => path === "old",
    isForeign: (path) => path === "strange",
    problems: [],
    skips: [],
    ...more,
  });

const entry = { mtimeMs: 0, sizeBytes: 7, sha1: "" };

describe("planLines()", () => {
  test("of nothing is its total", () => {
    expect(linesOf({})).toEqual(["0 steps, 0 bytes to upload; nothing was changed"]);
  });

  test.each<{ name: string; plan: Partial<Plan>; more?: Partial<Told>; want: string[] }>([
    {
      name: "a file that became a folder",
      plan: { clear: [{ op: "delete", path: "a" }], structure: [{ op: "mkdir", path: "a" }] },
      want: ["Deletions that make room (1):", "delete   a (vanished)", "", "Folders (1):", "mkdir    a/ (new)", ""],
    },
    {
      name: "what never was here",
      plan: {
        deletes: [
          { op: "delete", path: "gone" },
          { op: "delete", path: "strange" },
        ],
      },
      want: ["Deletions (2):", "delete   gone (vanished)", "delete   strange (foreign)", ""],
    },
    {
      name: "renames, uploads and times",
      plan: {
        renames: [{ op: "rename", from: "a", path: "b", isFolder: false }],
        uploads: [{ op: "upload", path: "c", entry, why: "changed" }],
        touches: [{ op: "touch", path: "d", entry }],
      },
      want: [
        ...["Renames (1):", "rename   a -> b", ""],
        ...["Uploads, 7 bytes (1):", "upload   c (changed, 7 bytes)", ""],
        ...["Times (1):", "touch    d (same content, new time)", ""],
      ],
    },
    {
      name: "what waits, what is blocked and what is left out",
      plan: { parked: ["old", "x"], parkedBecause: "device", blocked: ["y"] },
      more: {
        problems: [{ path: "z", reason: "unreadable", detail: "Cannot read" }],
        skips: [{ path: "deep", isFolder: true, reason: "too-deep", told: true }],
      },
      want: [
        'Deletions that wait for "miroir approve". FOLDER is on another disk than before (2):',
        ...["parked   old/ (vanished)", "parked   x (vanished)", ""],
        "Blocked: what stands in their place may not be deleted (--delete none) (1):",
        ...["blocked  y", ""],
        ...["Not mirrored (2):", "problem  z (Cannot read)", "skip     deep/ (deeper than --depth)", ""],
      ],
    },
  ])("tells $name", ({ plan, more, want }) => {
    expect(linesOf(plan, more).slice(0, -1)).toEqual(want);
  });

  test("counts steps, bytes and what waits", () => {
    const uploads = ["a", "b"].map((path) => ({ op: "upload" as const, path, entry, why: "new" as const }));
    expect(linesOf({ uploads, parked: ["x"] }).at(-1)).toBe(
      "2 steps, 14 bytes to upload, 1 deletion waits; nothing was changed",
    );
  });
});
