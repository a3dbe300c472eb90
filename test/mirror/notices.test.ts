import { describe, expect, test } from "bun:test";
import type { Skip } from "../../src/detect/tree.ts";
import { createNotices } from "../../src/mirror/notices.ts";
import type { Failure } from "../../src/mirror/outcome.ts";
import { createRecordingLog, type Logged } from "./mirror-parts.ts";

const HOUR_MS = 3_600_000;
const link = (path: string): Skip => ({ path, isFolder: false, reason: "link", told: true });
const refused: Failure = { reason: "refused", detail: "Cannot store it", code: 550 };

function begin(toldBefore: string[] = [], isWatching = false) {
  const log = createRecordingLog();
  const clock = { ms: 0 };
  const notices = createNotices(
    log,
    () => clock.ms,
    toldBefore,
    () => isWatching,
  );
  const told = () => log.lines.splice(0).map(({ level, event, path, reason }: Logged) => [level, event, path, reason]);
  return { notices, clock, told, log };
}

describe("Notices.skipped()", () => {
  test("tells a skip once, a folder by its slash, and counts it no failure", () => {
    const { notices, told } = begin();
    const skips: Skip[] = [link("a"), { path: "deep", isFolder: true, reason: "too-deep", told: true }];
    expect(notices.skipped(skips)).toBe(0);
    expect(told()).toEqual([
      ["info", "skip", "a", "link"],
      ["info", "skip", "deep/", "too-deep"],
    ]);
    notices.skipped(skips);
    expect(told()).toEqual([]);
  });

  test.each(["unsafe-name", "collision"] as const)("%s is in scope and not mirrored: a failure each time", (reason) => {
    const { notices, told } = begin();
    const skip: Skip = { path: "a\nb", isFolder: false, reason, told: true };
    expect([notices.skipped([skip]), notices.skipped([skip])]).toEqual([1, 1]);
    expect(told()).toEqual([["warn", "skip", "a\nb", reason]]);
  });

  test("what the user excluded is never told", () => {
    const { notices, told } = begin();
    notices.skipped([{ path: "a", isFolder: false, reason: "excluded", told: false }]);
    expect([told(), notices.news(), notices.told()]).toEqual([[], 0, []]);
  });

  test("once, also across runs", () => {
    const first = begin();
    first.notices.skipped([link("a")]);
    const second = begin(first.notices.told());
    second.notices.skipped([link("a"), link("b")]);
    expect(second.told()).toEqual([["info", "skip", "b", "link"]]);
  });

  test("again when it was no skip in between, or for another reason", () => {
    const { notices, told } = begin();
    notices.skipped([link("a")]);
    notices.skipped([]);
    notices.skipped([link("a")]);
    notices.skipped([{ path: "a", isFolder: false, reason: "special", told: true }]);
    expect(told().map(([, , , reason]) => reason)).toEqual(["link", "link", "special"]);
  });
});

describe("Notices.failed()", () => {
  test("tells the same failure hourly, another one at once", () => {
    const { notices, clock, told } = begin();
    const times: number[] = [];
    for (; clock.ms < 3 * HOUR_MS; clock.ms += 1000) {
      notices.failed("a", refused);
      if (told().length > 0) times.push(clock.ms);
    }
    expect(times).toEqual([0, HOUR_MS, 2 * HOUR_MS]);
    notices.failed("a", { ...refused, reason: "full" });
    notices.failed("b", refused);
    expect(told()).toEqual([
      ["error", "fail", "a", "full"],
      ["error", "fail", "b", "refused"],
    ]);
  });

  test("mended: the next failure of that path is news, that of its namesakes is not", () => {
    const { notices, told } = begin();
    for (const path of ["a", "sub a", "b/a"]) notices.failed(path, refused);
    notices.mended("a");
    told();
    for (const path of ["a", "sub a", "b/a"]) notices.failed(path, refused);
    expect(told()).toEqual([["error", "fail", "a", "refused"]]);
  });

  test("carries the server's code and the words for the person", () => {
    const { notices, log } = begin();
    notices.failed("a", refused);
    expect(log.lines[0]).toMatchObject({ code: 550, detail: "Cannot store it" });
  });
});

describe("Notices.parked()", () => {
  test("lists the deletions once, and again when the list is another; approve is named", () => {
    const { notices, told, log } = begin();
    notices.parked(["a", "f/"], "max-delete");
    expect(log.lines[0]?.detail).toContain("miroir approve");
    expect(told()).toEqual([
      ["error", "refuse", undefined, "parked"],
      ["warn", "refuse", "a", "parked"],
      ["warn", "refuse", "f/", "parked"],
    ]);
    notices.parked(["a", "f/"], "max-delete");
    expect(told()).toEqual([]);
    notices.parked(["a"], "max-delete");
    expect(told().length).toBe(2);
  });

  test.each(["max-delete", "empty", "device"] as const)("%s: says why, how many, and what to do", (because) => {
    const { notices, log } = begin();
    notices.parked(["a", "b"], because);
    expect(log.lines[0]?.detail).toMatch(/: 2 deletions wait\. If they are meant, "miroir approve" lets them go$/);
  });
});

describe("Notices.passFailed()", () => {
  const unreachable: Failure = { reason: "unreachable", detail: "The site cannot be reached" };

  test("tells the same failure of the pass hourly, and at once after a pass that worked", () => {
    const { notices, clock, told } = begin();
    for (let times = 0; times < 10; times++) notices.passFailed(unreachable);
    expect(told().length).toBe(1);
    clock.ms = HOUR_MS;
    notices.passFailed(unreachable);
    expect(told().length).toBe(1);
    notices.passWorked();
    notices.passFailed(unreachable);
    expect(told().length).toBe(1);
    notices.passFailed({ reason: "login", detail: "refused", code: 530 });
    expect(told().length).toBe(1);
  });

  test.each([
    ["folder", "refuse"],
    ["manifest", "refuse"],
    ["missing", "refuse"],
    ["unreachable", "fail"],
    ["login", "fail"],
  ] as const)("%s is a %s", (reason, event) => {
    const { notices, log } = begin();
    notices.passFailed({ reason, detail: "" });
    expect(log.lines[0]).toMatchObject({ event, reason, level: "error" });
  });

  test("a run that ends with it tells the person by itself; one that goes on shows it", () => {
    const ending = begin();
    ending.notices.passFailed(unreachable);
    expect(ending.log.lines[0]?.terminal).toBe(false);
    const watching = begin([], true);
    watching.notices.passFailed(unreachable);
    expect(watching.log.lines[0]?.terminal).toBe(true);
  });
});

test("Notices.news() counts what was told, and nothing that was not", () => {
  const { notices } = begin();
  notices.skipped([link("a"), link("a")]);
  notices.failed("b", refused);
  notices.failed("b", refused);
  notices.parked(["c"], "empty");
  notices.passFailed(refused);
  notices.passFailed(refused);
  expect(notices.news()).toBe(4);
});
