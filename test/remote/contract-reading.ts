import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openFolder, rejectionOf } from "./remote-folder.ts";
import type { RunningServer } from "./site-contract.ts";

const BIG = Buffer.alloc(3_000_000, "not the same everywhere ");

/** Asking for many paths at once, and reading files back. */
export function testReading(server: RunningServer): void {
  test("entries() tells files, folders and what is not there, hundreds at once, in any order", async () => {
    await using folder = openFolder(server());
    mkdirSync(join(folder.disk, "sub/.dotted"), { recursive: true });
    const files = Array.from({ length: 150 }, (_, index) => `sub/file ${index}.txt`);
    for (const [index, path] of files.entries()) writeFileSync(join(folder.disk, path), "x".repeat(index));
    writeFileSync(join(folder.disk, "sub/.htaccess"), "deny");
    await folder.site.open(false);
    const absent = Array.from({ length: 80 }, (_, index) => `sub/absent ${index}`);
    const paths = [...files, "sub/.dotted", ...absent, "gone/deeper", "sub/.htaccess", "sub"];
    const found = await folder.site.entries(paths);
    expect([...found.keys()]).toEqual(paths);
    const shown = [...found].map(([path, entry]) =>
      entry === undefined || entry instanceof Error ? [path, entry] : [path, entry.type, entry.sizeBytes],
    );
    const kindOf = ([path, type, sizeBytes]: unknown[]) => (type === "folder" ? [path, type] : [path, type, sizeBytes]);
    expect(shown.map(kindOf)).toEqual([
      ...files.map((path, index) => [path, "file", index]),
      ["sub/.dotted", "folder"],
      ...[...absent, "gone/deeper"].map((path) => [path, undefined, undefined]),
      ["sub/.htaccess", "file", 4],
      ["sub", "folder"],
    ]);
  });

  test.each([
    { name: "an empty file", bytes: Buffer.alloc(0) },
    { name: "line endings and zero bytes", bytes: Buffer.from("a\r\nb\nc\r\r\n\0\x1a\xff", "latin1") },
    { name: "three megabytes", bytes: BIG },
  ])("digest() reads $name back as it is", async ({ bytes }) => {
    await using folder = openFolder(server());
    writeFileSync(join(folder.disk, "a file.bin"), bytes);
    await folder.site.open(false);
    const hex = createHash("sha1").update(bytes).digest("hex");
    expect(await folder.site.digest("a file.bin", bytes.length, true)).toEqual({
      algorithm: "sha1",
      hex,
      isTold: false,
    });
    const { algorithm, ...told } = await folder.site.digest("a file.bin", bytes.length);
    expect(told.hex).toBe(createHash(algorithm).update(bytes).digest("hex"));
  });

  test("digest() of a file of another size is an error, and the next question is answered", async () => {
    await using folder = openFolder(server());
    writeFileSync(join(folder.disk, "a.bin"), BIG);
    await folder.site.open(false);
    for (const sizeBytes of [BIG.length + 1, BIG.length - 1, 0]) {
      const error = await rejectionOf(folder.site.digest("a.bin", sizeBytes, true));
      expect(error).toMatchObject({ reason: "size" });
    }
    expect(await folder.site.digest("a.bin", BIG.length, true)).toMatchObject({ isTold: false });
  });

  test("digest() of a missing file and of a folder is refused", async () => {
    await using folder = openFolder(server());
    mkdirSync(join(folder.disk, "sub"));
    await folder.site.open(false);
    for (const path of ["gone.txt", "sub"]) {
      expect(await rejectionOf(folder.site.digest(path, 4))).toMatchObject({ kind: "permanent", reason: "refused" });
    }
  });
}
