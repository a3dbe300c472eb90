import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { scan } from "../../src/detect/scan.ts";
import type { Snapshot } from "../../src/detect/tree.ts";
import { createLocalFolder } from "../mirror/local-folder.ts";
import { createWalk, scanOptions, type Walk } from "./walk.ts";

let walk: Walk;
const at = (path: string) => walk.at(path);
const fill = (paths: readonly string[]) => walk.fill(paths);

beforeEach(() => {
  walk = createWalk();
});

afterEach(() => walk.remove());

describe.skipIf(process.platform === "win32")("scan() of what cannot be read", () => {
  /** What happens to the folder that is listed second, when the walk is in the first one. */
  async function scanWhile(happens: (other: string) => void): Promise<{ snapshot: Snapshot; other: string }> {
    fill(["a/in-a", "b/in-b"]);
    let other = "";
    // The walk names an entry before it looks at it: the moment for somebody else to act.
    const nameForSite = (name: string) => {
      if (name.startsWith("in-") && other === "") {
        other = name === "in-a" ? "b" : "a";
        happens(other);
      }
      return name;
    };
    return { snapshot: await scan(walk.path, scanOptions({ nameForSite })), other };
  }

  test("a folder that vanishes between its parent's listing and its own is a Problem there", async () => {
    const { snapshot, other } = await scanWhile((path) => rmSync(at(path), { recursive: true }));
    expect(snapshot.problems).toEqual([
      { path: other, reason: "vanished", detail: `Cannot read the folder "${other}": it does not exist (ENOENT)` },
    ]);
    expect(snapshot.files.size).toBe(1);
  });

  test("a folder swapped for a file meanwhile is a Problem, not an empty folder", async () => {
    const { snapshot, other } = await scanWhile((path) => {
      renameSync(at(path), at("old"));
      writeFileSync(at(path), "a file now");
    });
    expect(snapshot.problems).toEqual([
      { path: other, reason: "unreadable", detail: `Cannot read the folder "${other}": it is not a folder (ENOTDIR)` },
    ]);
  });

  test("a folder swapped for a link meanwhile is not walked into", async () => {
    const outside = createLocalFolder();
    writeFileSync(join(outside.path, "secret"), "secret");
    try {
      const { snapshot } = await scanWhile((path) => {
        renameSync(at(path), at("old"));
        symlinkSync(outside.path, at(path));
      });
      expect([...snapshot.files.keys()].filter((path) => path.endsWith("secret"))).toEqual([]);
    } finally {
      outside.remove();
    }
  });

  test("a file that vanishes between listing and stat is a Problem with the system's words", async () => {
    fill(["a", "b"]);
    const gone = scanOptions({
      nameForSite(name) {
        rmSync(at("b"), { force: true });
        return name;
      },
    });
    const { problems, files } = await scan(walk.path, gone);
    expect([...files.keys()]).toEqual(["a"]);
    expect(problems).toEqual([
      { path: "b", reason: "vanished", detail: 'Cannot look at "b": it does not exist (ENOENT)' },
    ]);
  });

  test("folders without permission: each is a Problem at its path, and the walk goes on beside them", async () => {
    fill(["closed/inside", "no-entry/inside", "open/inside", "z"]);
    chmodSync(at("closed"), 0o000);
    chmodSync(at("no-entry"), 0o444);
    const seen = await scanAsNobody(walk.path);
    expect(seen.files.sort()).toEqual(["open/inside", "z"]);
    expect(seen.problems.sort()).toEqual([
      'closed: unreadable: Cannot read the folder "closed": permission denied (EACCES)',
      'no-entry/inside: unreadable: Cannot look at "no-entry/inside": permission denied (EACCES)',
    ]);
    chmodSync(at("closed"), 0o755);
    chmodSync(at("no-entry"), 0o755);
  });

  test("FOLDER without permission is a FolderError", async () => {
    chmodSync(walk.path, 0o000);
    try {
      await expect(scanAsNobody(walk.path)).rejects.toThrow("permission denied");
      await expect(scanAsNobody(walk.path, "its rules too")).rejects.toThrow(
        `Cannot read the folder "${walk.path}": permission denied (EACCES). Give this account the right to read it`,
      );
    } finally {
      chmodSync(walk.path, 0o755);
    }
  });
});

/** Root reads everything: the walk is done by a process that is nobody by then. */
async function scanAsNobody(folder: string, rules?: "its rules too"): Promise<{ files: string[]; problems: string[] }> {
  const nobody = 65534;
  const isRoot = process.getuid?.() === 0;
  if (isRoot) chmodSync(join(folder, ".."), 0o755);
  const program = `
    import { scan } from ${JSON.stringify(join(import.meta.dir, "../../src/detect/scan.ts"))};
    import { createScanReader } from ${JSON.stringify(join(import.meta.dir, "../../src/detect/folder.ts"))};
    if (${isRoot}) process.seteuid(${nobody});
    const reading = { depth: 6, patterns: [], own: new Set(), follow: false, platform: "linux" };
    if (${rules !== undefined}) createScanReader(${JSON.stringify(folder)}, reading)();
    const scope = { inFolder: () => () => undefined, isInside: () => true };
    const options = { scope, follow: false, nameForSite: (name) => name };
    const { files, problems } = await scan(${JSON.stringify(folder)}, options);
    const lines = problems.map(({ path, reason, detail }) => path + ": " + reason + ": " + detail);
    console.log(JSON.stringify({ files: [...files.keys()], problems: lines }));`;
  const child = Bun.spawn([process.execPath, "-e", program], { stdout: "pipe", stderr: "pipe" });
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  if ((await child.exited) !== 0) throw new Error(err);
  return JSON.parse(out);
}
