import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { appendFileSync, mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hashFile, isRacy, openFile, ReadError } from "../../src/detect/content.ts";
import { createLocalFolder, type LocalFolder } from "../mirror/local-folder.ts";

let local: LocalFolder;
const at = (path: string) => join(local.path, path);
const sha1Of = (bytes: string | Uint8Array) => createHash("sha1").update(bytes).digest("hex");

beforeEach(() => {
  local = createLocalFolder();
});

afterEach(() => local.remove());

async function reasonOf(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    if (error instanceof ReadError) return `${error.problem.reason} at ${error.problem.path}`;
    throw error;
  }
  return "nothing wrong";
}

describe("hashFile()", () => {
  test.each([
    { name: "no byte", content: "" },
    { name: "one byte", content: "x" },
    { name: "more than one buffer", content: "0123456789abcdef".repeat(50_000) },
    { name: "any bytes", content: "\0\r\n\u00ff\u{1f600}" },
  ])("$name: SHA-1, size and mtime of what was read, and when", async ({ content }) => {
    writeFileSync(at("a"), content);
    utimesSync(at("a"), 1_795_332_001.5, 1_795_332_001.5);
    expect(await hashFile(at("a"), "sub/a", () => 77)).toEqual({
      sha1: sha1Of(content),
      sizeBytes: Buffer.byteLength(content),
      mtimeMs: 1_795_332_001_500,
      readAtMs: 77,
    });
  });

  test("a missing file has vanished, and the path told is the mirror's", async () => {
    expect(await reasonOf(() => hashFile(at("a"), "sub/a", () => 0))).toBe("vanished at sub/a");
  });

  test("a folder is no file", async () => {
    mkdirSync(at("a"));
    expect(await reasonOf(() => hashFile(at("a"), "a", () => 0))).toMatch(/^(changed|unreadable) at a$/);
  });

  test("a file that vanishes before it is opened", async () => {
    writeFileSync(at("a"), "x");
    const clock = () => {
      rmSync(at("a"));
      return 0;
    };
    expect(await reasonOf(() => hashFile(at("a"), "a", clock))).toBe("vanished at a");
  });
});

describe("openFile()", () => {
  const changes: { name: string; happens(): void }[] = [
    { name: "grows", happens: () => appendFileSync(at("a"), "more") },
    { name: "is written anew with the same size", happens: () => writeFileSync(at("a"), "87654321") },
    { name: "is dated anew", happens: () => utimesSync(at("a"), 5, 5) },
    { name: "vanishes", happens: () => rmSync(at("a")) },
    {
      name: "is replaced by a file of the same size and time",
      happens() {
        writeFileSync(at("b"), "87654321");
        utimesSync(at("b"), 1000, 1000);
        renameSync(at("b"), at("a"));
      },
    },
    {
      name: "is replaced by a link to itself",
      happens() {
        renameSync(at("a"), at("b"));
        symlinkSync("b", at("a"));
      },
    },
  ];

  test.each(changes)("isUnchanged() tells a file that $name while it is read", async ({ happens }) => {
    writeFileSync(at("a"), "12345678");
    utimesSync(at("a"), 1000, 1000);
    const file = openFile(at("a"), "a");
    try {
      expect(await file.isUnchanged()).toBe(true);
      expect(await file.read(new Uint8Array(4))).toBe(4);
      expect(await file.isUnchanged()).toBe(true);
      happens();
      expect(await file.isUnchanged()).toBe(false);
    } finally {
      await file.close();
    }
  });

  test("reads from start to end, then 0", async () => {
    writeFileSync(at("a"), "12345");
    const file = openFile(at("a"), "a");
    const buffer = new Uint8Array(3);
    expect([await file.read(buffer), await file.read(buffer), await file.read(buffer)]).toEqual([3, 2, 0]);
    expect([file.sizeBytes, Buffer.from(buffer).toString()]).toEqual([5, "453"]);
    await file.close();
  });
});

describe.skipIf(process.platform === "win32")("openFile() where something else took the file's place", () => {
  test("a link is not followed, wherever it leads", async () => {
    writeFileSync(at("real"), "secret");
    symlinkSync("real", at("a"));
    symlinkSync("/etc/passwd", at("b"));
    for (const path of ["a", "b"])
      expect(await reasonOf(() => openFile(at(path), path))).toMatch(/^(changed|unreadable) at/);
  });

  test("a link is followed when links are", async () => {
    writeFileSync(at("real"), "12345");
    symlinkSync("real", at("a"));
    expect((await hashFile(at("a"), "a", () => 0, true)).sha1).toBe(sha1Of("12345"));
  });

  test("a folder on the way that became a link is not followed", async () => {
    mkdirSync(at("elsewhere"));
    writeFileSync(at("elsewhere/file"), "secret");
    symlinkSync("elsewhere", at("sub"));
    expect(await reasonOf(() => openFile(at("sub/file"), "sub/file"))).toBe("changed at sub/file");
  });

  test("a pipe nobody writes to is told at once", async () => {
    expect(Bun.spawnSync(["mkfifo", at("a")]).exitCode).toBe(0);
    expect(await reasonOf(() => openFile(at("a"), "a"))).toBe("changed at a");
  });
});

describe("isRacy()", () => {
  test.each([
    { name: "written in the moment of reading", mtimeMs: 10_000, readAtMs: 10_000, want: true },
    { name: "written within the two seconds of a coarse disk", mtimeMs: 8_001, readAtMs: 10_000, want: true },
    { name: "written long before", mtimeMs: 8_000, readAtMs: 10_000, want: false },
    { name: "dated just ahead of the clock", mtimeMs: 11_500, readAtMs: 10_000, want: true },
    { name: "dated far in the future", mtimeMs: 99_000, readAtMs: 10_000, want: false },
  ])("$name: $want", ({ mtimeMs, readAtMs, want }) => {
    expect(isRacy(mtimeMs, readAtMs)).toBe(want);
  });
});
