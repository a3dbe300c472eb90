import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { FolderError, type ScanOptions, scan } from "../../src/detect/scan.ts";
import { createWalk, scanOptions, shownSnapshot, type Walk } from "./walk.ts";

let walk: Walk;
const at = (path: string) => walk.at(path);
const fill = (paths: readonly string[]) => walk.fill(paths);

beforeEach(() => {
  walk = createWalk();
});

afterEach(() => walk.remove());

describe("scan()", () => {
  test("gives size and mtime with its fraction, and every folder but FOLDER itself", async () => {
    fill(["a.txt", "sub/b", "sub/empty/"]);
    utimesSync(at("a.txt"), 1_795_332_001.123, 1_795_332_001.123);
    const snapshot = await scan(walk.path, scanOptions());
    expect(shownSnapshot(snapshot)).toEqual({ "a.txt": 5, "sub/": "folder", "sub/b": 5, "sub/empty/": "folder" });
    expect(snapshot.files.get("a.txt")?.mtimeMs).toBeCloseTo(1_795_332_001_123, 0);
  });

  test("an empty FOLDER is an empty snapshot, a missing one and a file are a FolderError", async () => {
    expect(shownSnapshot(await scan(walk.path, scanOptions()))).toEqual({});
    await expect(scan(at("missing"), scanOptions())).rejects.toThrow(
      new FolderError(`Cannot read the folder "${at("missing")}": it does not exist (ENOENT)`),
    );
    fill(["file"]);
    await expect(scan(at("file"), scanOptions())).rejects.toThrow(FolderError);
  });

  test("goes down to the last level in scope, and tells a folder beyond it once, even empty", async () => {
    fill(["1/2/3/4/5/6/file", "1/2/3/4/5/6/7/", "1/2/3/4/5/6/8/below/file"]);
    const snapshot = await scan(walk.path, scanOptions());
    expect(snapshot.files.has("1/2/3/4/5/6/file")).toBe(true);
    expect([...snapshot.skipped.values()].map(({ path, reason, told }) => [path, reason, told]).sort()).toEqual([
      ["1/2/3/4/5/6/7", "too-deep", true],
      ["1/2/3/4/5/6/8", "too-deep", true],
    ]);
    expect(shownSnapshot(await scan(walk.path, scanOptions({ depth: 0 })))).toEqual({ "1/": "skip too-deep, told" });
  });

  test("leaves out what rules exclude and miroir's own files, in silence", async () => {
    fill([".miroirignore", "m.log", "state/manifest.json", "a.tmp", "cache/x", "sub/.miroir-1f", "sub/kept"]);
    expect(
      shownSnapshot(await scan(walk.path, scanOptions({ rules: ["*.tmp", "cache/"], own: ["m.log", "state"] }))),
    ).toEqual({
      ".miroirignore": "skip own",
      "m.log": "skip own",
      "state/": "skip own",
      "a.tmp": "skip excluded",
      "cache/": "skip excluded",
      "sub/": "folder",
      "sub/.miroir-1f": "skip own",
      "sub/kept": 8,
    });
  });

  test("takes names as they are: spaces, dots, quotes, __proto__, 255 bytes, any script", async () => {
    const long = "\u7f51".repeat(85);
    const names = [" a ", "...", "..b", "a\\b", 'it\'s "x"', "__proto__", "constructor", "-rf", "*", long, "\u{1f600}"];
    fill([...names, "toString/__proto__/x"]);
    const snapshot = await scan(walk.path, scanOptions());
    expect([...snapshot.files.keys()].sort()).toEqual([...names, "toString/__proto__/x"].sort());
    expect([...snapshot.folders]).toEqual(["toString", "toString/__proto__"]);
  });

  test("a deep tree is walked without end of stack", async () => {
    const deep = Array.from({ length: 300 }, (_, level) => `d${level}`).join("/");
    fill([`${deep}/file`]);
    const snapshot = await scan(walk.path, scanOptions({ depth: Number.POSITIVE_INFINITY }));
    expect([snapshot.folders.size, snapshot.files.has(`${deep}/file`)]).toEqual([300, true]);
  });

  test("a walk that takes its time gives the event loop its turns", async () => {
    fill(Array.from({ length: 100 }, (_, number) => `d${number}/`));
    const { scope } = scanOptions();
    const slow: ScanOptions["scope"] = {
      ...scope,
      inFolder: (folder) => (name, isFolder) => {
        for (const until = performance.now() + 2; performance.now() < until; );
        return scope.inFolder(folder)(name, isFolder);
      },
    };
    fill(Array.from({ length: 100 }, (_, number) => `d${number}/file`));
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    const snapshot = await scan(walk.path, scanOptions({ scope: slow }));
    clearInterval(timer);
    expect(snapshot.files.size).toBe(100);
    expect(turns).toBeGreaterThan(3);
  });

  test("nameForSite() names entries; two that meet are one entry and one collision", async () => {
    fill(["cafe\u0301", "caf\u00e9", "sub/e\u0301"]);
    const snapshot = await scan(walk.path, scanOptions({ nameForSite: (name) => name.normalize("NFC") }));
    expect(shownSnapshot(snapshot)["sub/\u00e9"]).toBe(7);
    expect(snapshot.files.has("caf\u00e9")).toBe(true);
    expect(snapshot.skipped.get("caf\u00e9")).toMatchObject({ reason: "collision", told: true });
  });
});

describe.skipIf(process.platform === "win32")("scan() of what is no plain file", () => {
  test("links are told and not followed, whatever they lead to", async () => {
    fill(["file", "folder/inside"]);
    for (const [target, link] of [
      ["file", "to-file"],
      ["folder", "to-folder"],
      ["nowhere", "to-nothing"],
      [".", "to-itself"],
      ["/", "to-root"],
    ] as const)
      symlinkSync(target, at(link));
    expect(shownSnapshot(await scan(walk.path, scanOptions()))).toEqual({
      file: 4,
      "folder/": "folder",
      "folder/inside": 13,
      "to-file": "skip link, told",
      "to-folder": "skip link, told",
      "to-nothing": "skip link, told",
      "to-itself": "skip link, told",
      "to-root": "skip link, told",
    });
  });

  test("follow: what links point to is taken; loops and dead links are told", async () => {
    fill(["file", "folder/inside", "sub/"]);
    symlinkSync("../file", at("sub/to-file"));
    symlinkSync("../folder", at("sub/to-folder"));
    symlinkSync("nowhere", at("sub/to-nothing"));
    symlinkSync("..", at("sub/up"));
    symlinkSync(".", at("sub/here"));
    symlinkSync("../sub", at("folder/back"));
    const snapshot = await scan(walk.path, scanOptions({ follow: true, depth: Number.POSITIVE_INFINITY }));
    const seen = shownSnapshot(snapshot);
    expect(seen).toMatchObject({
      "sub/to-file": 4,
      "sub/to-folder/": "folder",
      "sub/to-folder/inside": 13,
      "sub/to-nothing": "skip link, told",
      "sub/up/": "skip link, told",
      "sub/here/": "skip link, told",
    });
    expect(Object.keys(seen).length).toBeLessThan(40);
  });

  test("pipes and sockets are told and never opened", async () => {
    expect(Bun.spawnSync(["mkfifo", at("pipe")]).exitCode).toBe(0);
    const listener = Bun.listen({ unix: at("socket"), socket: { data() {} } });
    try {
      expect(shownSnapshot(await scan(walk.path, scanOptions()))).toEqual({
        pipe: "skip special, told",
        socket: "skip special, told",
      });
    } finally {
      listener.stop(true);
    }
  });

  test("names with control characters are told, as files and as folders", async () => {
    fill(["a\nb", "sub/", "sub/c\rDELE x/", "d\u007f"]);
    expect(shownSnapshot(await scan(walk.path, scanOptions()))).toEqual({
      "a\nb": "skip unsafe-name, told",
      "sub/": "folder",
      "sub/c\rDELE x/": "skip unsafe-name, told",
      "d\u007f": "skip unsafe-name, told",
    });
  });
});

describe.skipIf(process.platform !== "linux")("scan() of names that are no UTF-8", () => {
  const raw = (...bytes: number[]) => Buffer.concat([Buffer.from(`${walk.path}/`), Buffer.from(bytes)]);

  test("they are told as unsafe, and the rest goes on", async () => {
    fill(["good"]);
    writeFileSync(raw(0x61, 0xff, 0x62), "bad");
    mkdirSync(raw(0xe9));
    writeFileSync(Buffer.concat([raw(0xe9), Buffer.from("/inside")]), "bad");
    const snapshot = await scan(walk.path, scanOptions());
    expect(snapshot.files.get("good")?.sizeBytes).toBe(4);
    expect(snapshot.problems).toEqual([]);
    expect([...snapshot.files.keys(), ...snapshot.folders]).toEqual(["good"]);
    expect([...snapshot.skipped.values()].map(({ reason, told }) => [reason, told])).toEqual([
      ["unsafe-name", true],
      ["unsafe-name", true],
    ]);
  });

  test("two of them in one folder are two skips", async () => {
    writeFileSync(raw(0x61, 0xff), "1");
    writeFileSync(raw(0x61, 0xfe), "2");
    expect((await scan(walk.path, scanOptions())).skipped.size).toBeGreaterThan(0);
  });

  test("one beside a good name that looks like it does not take its place", async () => {
    writeFileSync(raw(0x61, 0xff), "bad");
    fill(["a\ufffd"]);
    const snapshot = await scan(walk.path, scanOptions());
    const paths = [...snapshot.files];
    for (const [path, { sizeBytes }] of paths) expect([path, sizeBytes]).toEqual(["a\ufffd", 4]);
  });
});
