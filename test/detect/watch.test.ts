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

async function untilNews(watched: Watcher): Promise<ReadonlySet<string> | undefined> {
  for (const deadline = Date.now() + DEADLINE_MS; Date.now() < deadline; await Bun.sleep(5)) {
    if (watched.hasNews()) return watched.take();
  }
  throw new Error("no event came");
}

const EVENTS = { platform: process.platform, follow: false };

describe.skipIf(process.platform === "win32")("watchFolder()", () => {
  test.each([
    { name: "an edit deep down", change: () => writeFileSync(join(folder, "a/b/file"), "2"), names: "a/b/file" },
    { name: "a new folder", change: () => mkdirSync(join(folder, "a/c")), names: "a/c" },
    { name: "a rename", change: () => renameSync(join(folder, "a/b"), join(folder, "a/d")), names: "a/d" },
    { name: "a deletion", change: () => rmSync(join(folder, "a/b/file")), names: "a/b/file" },
  ])("names what changed by $name", async ({ change, names }) => {
    const why: string[] = [];
    watcher = watchFolder(folder, EVENTS, (reason) => why.push(reason));
    // At first it can be anywhere.
    expect([watcher.hasNews(), watcher.take()]).toEqual([true, undefined]);
    expect(watcher.hasNews()).toBe(false);
    change();
    const named = new Set<string>();
    while (!named.has(names)) for (const each of (await untilNews(watcher)) ?? []) named.add(each);
    expect(why).toEqual([]);
  });

  test("sees what happens in a folder that was made after it began", async () => {
    watcher = watchFolder(folder, EVENTS, () => {});
    watcher.take();
    mkdirSync(join(folder, "new"));
    expect(await untilNews(watcher)).toContain("new");
    for (let number = 0; number < 5; number++) {
      await Bun.sleep(50);
      watcher.take();
      writeFileSync(join(folder, "new", `file${number}`), "x");
      expect(await untilNews(watcher)).toContain(`new/file${number}`);
    }
  });

  test.each([
    { name: "removed and made anew", replace: () => rmSync(folder, { recursive: true }) },
    { name: "moved away and made anew", replace: () => renameSync(folder, `${folder}-away`) },
  ])("of a FOLDER that was $name: anywhere, and then by the events of the new one", async ({ replace }) => {
    watcher = watchFolder(folder, EVENTS, () => {});
    watcher.take();
    replace();
    expect([watcher.hasNews(), watcher.take()]).toEqual([true, undefined]);
    // It is missing: nobody can tell.
    expect([watcher.hasNews(), watcher.take()]).toEqual([true, undefined]);
    mkdirSync(folder);
    expect([watcher.hasNews(), watcher.take()]).toEqual([true, undefined]);
    expect(watcher.hasNews()).toBe(false);
    writeFileSync(join(folder, "file"), "x");
    expect(await untilNews(watcher)).toContain("file");
    expect(watcher.polling).toBeUndefined();
    rmSync(`${folder}-away`, { recursive: true, force: true });
  });

  test("keeps no endless list: after very many names it can be anywhere", async () => {
    watcher = watchFolder(folder, EVENTS, () => {});
    watcher.take();
    for (let number = 0; number < 10_500; number++) writeFileSync(join(folder, "a", `${number}`), "");
    let isAnywhere = false;
    for (const deadline = Date.now() + DEADLINE_MS; !isAnywhere && Date.now() < deadline; await Bun.sleep(200)) {
      isAnywhere = watcher.hasNews() && watcher.take() === undefined;
    }
    expect(isAnywhere).toBe(true);
  });
});

describe("watchFolder() without events", () => {
  test.each([
    { name: "on Windows", how: { platform: "win32", follow: false } as const },
    { name: "where links are followed", how: { platform: "linux", follow: true } as const },
  ])("$name: news at any time and anywhere, and says why once", ({ how }) => {
    const why: string[] = [];
    watcher = watchFolder(folder, how, (reason) => why.push(reason));
    for (let times = 0; times < 2; times++) expect([watcher.hasNews(), watcher.take()]).toEqual([true, undefined]);
    expect(why).toHaveLength(1);
    expect(watcher.polling).toBe(why[0]);
  });

  test("giveUp() ends the trust in events for good", () => {
    watcher = watchFolder(folder, { platform: "linux", follow: false }, () => {});
    watcher.take();
    watcher.giveUp();
    for (let times = 0; times < 2; times++) expect([watcher.hasNews(), watcher.take()]).toEqual([true, undefined]);
  });
});
