import { describe, expect, test } from "bun:test";
import type { Snapshot } from "../../src/detect/tree.ts";
import { checkMounts } from "../../src/mirror/belief.ts";
import type { Status } from "../../src/state/status.ts";

const FILE = { mtimeMs: 1, sizeBytes: 1 };

function snapshotOf(files: string[], folders: string[], mounts: string[] = []): Snapshot {
  return {
    files: new Map(files.map((path) => [path, FILE])),
    folders: new Set(folders),
    mounts: new Set(mounts),
    problems: [],
    skipped: new Map(),
  };
}

describe("checkMounts()", () => {
  test.each<{ name: string; now: Snapshot; problems: string[]; remembered: string[] | undefined }>([
    { name: "still mounted", now: snapshotOf(["disk/a"], ["disk"], ["disk"]), problems: [], remembered: ["disk"] },
    { name: "unmounted and empty", now: snapshotOf([], ["disk"]), problems: ["disk"], remembered: ["disk"] },
    { name: "unmounted, and filled here", now: snapshotOf(["disk/b"], ["disk"]), problems: [], remembered: undefined },
    { name: "removed", now: snapshotOf([], []), problems: [], remembered: undefined },
  ])("a folder with a disk of its own: $name", ({ now, problems, remembered }) => {
    const status: Status = { told: [], mounts: ["disk"] };
    checkMounts(now, status);
    expect(now.problems.map(({ path }) => path)).toEqual(problems);
    expect(status.mounts).toEqual(remembered);
  });

  test("remembers a disk that is mounted for the first time", () => {
    const status: Status = { told: [] };
    checkMounts(snapshotOf(["disk/a"], ["disk"], ["disk"]), status);
    expect(status.mounts).toEqual(["disk"]);
  });
});
