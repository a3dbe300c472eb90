import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Watcher, watchFolder } from "../../src/detect/watch.ts";

const DEADLINE_MS = 20_000;

let folder: string;
let watcher: Watcher | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "miroir-watch-"));
  mkdirSync(join(folder, "a/b"), { recursive: true });
  writeFileSync(join(folder, "a/b/file"), "1");
});

afterEach(() => {
  watcher?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function untilDirty(watched: Watcher): Promise<boolean> {
  for (const deadline = Date.now() + DEADLINE_MS; Date.now() < deadline; await Bun.sleep(5)) {
    if (watched.isDirty) return true;
  }
  return false;
}

describe.skipIf(process.platform === "win32")("watchFolder()", () => {
  test.each([
    { name: "an edit deep down", change: () => writeFileSync(join(folder, "a/b/file"), "2") },
    { name: "a new folder", change: () => mkdirSync(join(folder, "a/c")) },
    { name: "a rename", change: () => renameSync(join(folder, "a/b"), join(folder, "a/d")) },
    { name: "a deletion", change: () => rmSync(join(folder, "a/b/file")) },
  ])("is dirty after $name", async ({ change }) => {
    const why: string[] = [];
    watcher = watchFolder(folder, process.platform, (reason) => why.push(reason));
    // At first nobody knows.
    expect(watcher.isDirty).toBe(true);
    watcher.forget();
    change();
    expect(await untilDirty(watcher)).toBe(true);
    expect(why).toEqual([]);
  });

  test("sees what happens in a folder that was made after it began", async () => {
    watcher = watchFolder(folder, process.platform, () => {});
    mkdirSync(join(folder, "new"));
    expect(await untilDirty(watcher)).toBe(true);
    for (let number = 0; number < 5; number++) {
      await Bun.sleep(50);
      watcher.forget();
      writeFileSync(join(folder, "new", `file${number}`), "x");
      expect(await untilDirty(watcher)).toBe(true);
    }
  });
});

describe("watchFolder() without events", () => {
  test.each([
    { name: "on Windows", start: (tell: (why: string) => void) => watchFolder(folder, "win32", tell) },
    {
      name: "of a folder that is not there",
      start: (tell: (why: string) => void) => watchFolder(join(folder, "no"), "linux", tell),
    },
  ])("$name: always dirty, and says why once", ({ start }) => {
    const why: string[] = [];
    watcher = start((reason) => why.push(reason));
    watcher.forget();
    expect(watcher.isDirty).toBe(true);
    expect(why).toHaveLength(1);
    expect(watcher.polling).toBe(why[0]);
  });

  test("giveUp() ends the trust in events for good", () => {
    watcher = watchFolder(folder, "linux", () => {});
    watcher.forget();
    watcher.giveUp();
    expect(watcher.isDirty).toBe(true);
    watcher.forget();
    expect(watcher.isDirty).toBe(true);
  });
});
