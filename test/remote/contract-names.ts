import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { traitsOf } from "../../src/plan/name-traits.ts";
import type { Operation } from "../../src/remote/site.ts";
import { jobOf, openFolder, performed, type RemoteFolder, rejectionOf, treeOf } from "./remote-folder.ts";
import type { RunningServer } from "./site-contract.ts";

const NAMES = [
  " space before",
  "space after ",
  "  two  spaces  ",
  'double "quotes"',
  "single 'quotes'",
  "-rf",
  "--",
  "~",
  "~root",
  "%2e%2e",
  "back\\slash",
  "😀 emoji",
  "àéîõü ß ñ",
  "e\u0301 decomposed",
  "日本語",
  "*",
  "?",
  "[x]",
  "{a,b}",
  "#hash",
  "a;b",
  "$HOME",
  "a=b",
  ".dotted",
  "...",
  "a\u00a0no-break space",
  "ÿ",
  "line\u2028separator",
  "next\u0085line",
  "n".repeat(200),
  `${"é".repeat(100)}`,
  "x".repeat(255),
];

/** Every name arrives as it is, or is known beforehand to be altered: a name altered in silence would be sent for ever. */
export function testNames(server: RunningServer): void {
  describe("names", () => {
    // One session for all: some servers take a quarter of a second for a login.
    let folder: RemoteFolder;
    let count = 0;

    beforeAll(() => {
      folder = openFolder(server());
    });
    afterAll(() => folder[Symbol.asyncDispose]());

    async function freshFolder(): Promise<{ at: string; disk: string }> {
      const at = `name ${++count}`;
      mkdirSync(join(folder.disk, at));
      return { at, disk: join(folder.disk, at) };
    }

    test("probeNames() finds out every trait in one go, and leaves nothing", async () => {
      const { at, disk } = await freshFolder();
      writeFileSync(join(disk, "foreign"), "");
      const probe = await folder.site.probeNames(`${at}/.miroir-probe`, [...new Set(NAMES.flatMap(traitsOf))]);
      expect(probe.foldsCase).toBe(false);
      expect([...probe.altered]).toEqual(server().kind === "pure-ftpd" ? ["space at the end"] : []);
      expect(treeOf(disk)).toEqual(["foreign"]);
    });

    test.each(NAMES)("upload(), list(), entry(), rename and delete take the file %j", async (name) => {
      const { at, disk } = await freshFolder();
      const path = `${at}/${name}`;
      if (isRefused(server().kind, name, "file")) {
        const error = await rejectionOf(folder.site.upload(jobOf(path, name)));
        expect(error).toMatchObject({ kind: "permanent", reason: "refused" });
        return expect(treeOf(disk)).toEqual([]);
      }
      await folder.site.upload(jobOf(path, name));
      if (isAltered(server().kind, name)) return expect(treeOf(disk)).not.toContain(name);
      expect(treeOf(disk)).toEqual([name]);
      expect(readFileSync(join(disk, name), "utf8")).toBe(name);
      expect((await folder.site.list(at)).entries.map((entry) => entry.name)).toEqual([name]);
      expect(await folder.site.entry(path)).toMatchObject({ type: "file", sizeBytes: Buffer.byteLength(name) });
      const renames: Operation[] = [
        { op: "rename", from: path, path: `${at}/plain`, isFolder: false },
        { op: "rename", from: `${at}/plain`, path, isFolder: false },
      ];
      expect(await performed(folder.site, renames)).toEqual([`rename ${at}/plain done`, `rename ${path} done`]);
      expect(treeOf(disk)).toEqual([name]);
      expect(await performed(folder.site, [{ op: "delete", path }])).toEqual([`delete ${path} done`]);
      expect(treeOf(disk)).toEqual([]);
      expect(await folder.site.entry(path)).toBeUndefined();
    });

    test.each(NAMES)("mkdir, upload into, list(), entry() and rmdir take the folder %j", async (name) => {
      const { at, disk } = await freshFolder();
      const path = `${at}/${name}`;
      const [made] = await performed(folder.site, [{ op: "mkdir", path }]);
      if (isRefused(server().kind, name, "folder")) return expect(made).toBe(`mkdir ${path} permanent refused`);
      expect(made).toBe(`mkdir ${path} done`);
      if (isAltered(server().kind, name)) return expect(treeOf(disk)).not.toContain(`${name}/`);
      expect(treeOf(disk)).toEqual([`${name}/`]);
      expect(await folder.site.entry(path)).toMatchObject({ type: "folder" });
      await folder.site.upload(jobOf(`${path}/a`, "x"));
      expect((await folder.site.list(path)).entries).toMatchObject([{ name: "a", type: "file", sizeBytes: 1 }]);
      expect(treeOf(disk)).toEqual([`${name}/`, `${name}/a`]);
      const removal: Operation[] = [
        { op: "delete", path: `${path}/a` },
        { op: "rmdir", path },
      ];
      expect(await performed(folder.site, removal)).toEqual([`delete ${path}/a done`, `rmdir ${path} done`]);
      expect(treeOf(disk)).toEqual([]);
    });
  });
}

/** Measured: all other names have to arrive. `probeNames` tells these, and the mirror sends none of them. */
function isAltered(kind: string, name: string): boolean {
  return kind === "pure-ftpd" && name.endsWith(" ");
}

/** Measured: refused aloud. */
function isRefused(kind: string, name: string, type: "file" | "folder"): boolean {
  if (kind === "pure-ftpd") return name.includes("\\");
  return kind === "proftpd" && type === "folder" && name === "*";
}
