import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { builtinModules } from "node:module";
import { join, posix } from "node:path";
import { codeSpans, ROOT, readDocument, sourceFiles } from "./document.ts";

const DESIGN = readDocument("docs/design.md");
const SOURCES = sourceFiles();

/** The files of the tables in "Division": a heading names the folder, the first cell of a row the file. */
function listedFiles(): string[] {
  const listed: string[] = [];
  let folder: string | undefined;
  for (const line of DESIGN.split("\n")) {
    if (line.startsWith("#")) folder = /^### `(src\/.*)`$/.exec(line)?.[1];
    const [, file] = /^\| `([\w-]+\.ts)` \|/.exec(line) ?? [];
    if (folder !== undefined && file !== undefined) listed.push(folder + file);
  }
  return listed.sort();
}

interface Import {
  file: string;
  /** A path from the root of the repository, or the name of a module. */
  target: string;
  isType: boolean;
  /** What is imported, without `type`. */
  names: string[];
}

const IMPORT = /^(?:import|export(?= (?:type )?[{*])) (type )?(?:([^;"]*?) from )?"([^"]+)"/gm;

function importsOf(file: string): Import[] {
  return [...readDocument(file).matchAll(IMPORT)].map(([, type, clause = "", specifier = ""]) => {
    const target = specifier.startsWith(".") ? posix.join(posix.dirname(file), specifier) : specifier;
    const names = [...clause.replace(/[{}]/g, "").matchAll(/(type )?(\w+)/g)];
    const isType = type !== undefined || (names.length > 0 && names.every(([, each]) => each !== undefined));
    return { file, target, isType, names: names.map(([, , name = ""]) => name) };
  });
}

const IMPORTS = SOURCES.flatMap(importsOf);
const folderOf = (path: string) => path.slice(0, path.lastIndexOf("/") + 1);
const shown = ({ file, target }: Import) => `${file} imports ${target}`;

describe("docs/design.md", () => {
  test("lists every file of src, and no other", () => {
    expect(listedFiles()).toEqual(SOURCES);
  });

  test("names only files and folders that exist", () => {
    const named = codeSpans(DESIGN).filter((text) => /^(?:src|test|docs)\/[\w./-]*$/.test(text));
    expect(named.length).toBeGreaterThan(50);
    expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  test("names for each promise where it is kept, and tests that are run", () => {
    const [, table = ""] = DESIGN.split("| promise | kept in | tested in |\n|---|---|---|\n");
    const rows = table.split("\n\n", 1)[0]?.split("\n") ?? [];
    expect(rows.length).toBeGreaterThan(8);
    for (const row of rows) {
      const [, kept = "", tested = ""] = row.split(" | ");
      expect(codeSpans(kept)).not.toEqual([]);
      expect(codeSpans(kept).filter((file) => !SOURCES.includes(file))).toEqual([]);
      expect(codeSpans(tested)).not.toEqual([]);
      expect(codeSpans(tested).filter((file) => !/^test\/.*\.test\.ts$/.test(file))).toEqual([]);
    }
  });

  test("has a picture of the flow that names only files of src", () => {
    const named = readDocument("docs/flow.svg").match(/src\/[\w/-]+\.ts/g) ?? [];
    expect(named.length).toBeGreaterThan(6);
    expect(named.filter((file) => !SOURCES.includes(file))).toEqual([]);
  });
});

/** Which files of other folders the files of a folder may import; the files in `src/` itself may import all. */
const ALLOWED: Record<string, (target: string, isType: boolean) => boolean> = {
  // They put together, as the files in src/ do.
  "src/commands/": () => true,
  "src/process/": () => true,
  "src/setup/": () => true,
  "src/build/": () => false,
  "src/options/": (target) => target === "src/report/system-error.ts",
  "src/detect/": (target) => ["src/report/reasons.ts", "src/report/system-error.ts"].includes(target),
  "src/plan/": (target, isType) => target === "src/detect/tree.ts" || (isType && target.startsWith("src/detect/")),
  "src/remote/": (target) =>
    ["src/detect/tree.ts", "src/plan/name-traits.ts", "src/report/reasons.ts"].includes(target),
  "src/service/": (target) => target.startsWith("src/options/"),
  "src/state/": (target) =>
    /^src\/detect\/(manifest|file-table|packed|tree)\.ts$/.test(target) ||
    target === "src/report/system-error.ts" ||
    target === "src/windows/security.ts",
  "src/windows/": () => false,
  "src/report/": (target, isType) => isType && target.startsWith("src/state/"),
  "src/mirror/": (target, isType) =>
    /^src\/(detect|plan|report)\//.test(target) ||
    target === "src/remote/site.ts" ||
    target === "src/state/errors.ts" ||
    (isType && target.startsWith("src/state/")),
  "src/doctor/": (target) => /^src\/(remote|report)\//.test(target) || target === "src/mirror/codes.ts",
  "src/check/": (target, isType) =>
    /^src\/(detect|mirror|report)\//.test(target) ||
    target === "src/remote/site.ts" ||
    (isType && target.startsWith("src/state/")),
};

const HOME: Record<string, RegExp> = {
  citty: /^src\/(main|commands)\.ts$/,
  consola: /^src\/report\//,
  "basic-ftp": /^src\/remote\//,
  "toml-eslint-parser": /^src\/options\/toml\.ts$/,
  ignore: /^src\/detect\/ignore\.ts$/,
  "bun:sqlite": /^src\/state\/lock\.ts$/,
  "bun:ffi": /^src\/(windows\/security|detect\/quick-look)\.ts$/,
};

describe("imports in src", () => {
  test("stay within the folders that may know each other", () => {
    const crossing = IMPORTS.filter(
      ({ file, target }) => target.startsWith("src/") && folderOf(target) !== folderOf(file),
    );
    expect(crossing.length).toBeGreaterThan(50);
    const isForbidden = ({ file, target, isType }: Import) =>
      folderOf(file) !== "src/" && ALLOWED[folderOf(file)]?.(target, isType) !== true;
    expect(crossing.filter(isForbidden).map(shown)).toEqual([]);
  });

  test("of src/build are none elsewhere: it makes the executable and is not in it", () => {
    const users = IMPORTS.filter(
      ({ file, target }) => target.startsWith("src/build/") && folderOf(file) !== "src/build/",
    );
    expect(users.map(shown)).toEqual([]);
  });

  test("of src/plan have no effects", () => {
    const outside = IMPORTS.filter(({ file, target }) => file.startsWith("src/plan/") && !target.startsWith("src/"));
    expect(outside.map(shown)).toEqual([]);
  });

  test("of packages are where each is at home", () => {
    const isSystem = (target: string) => target.startsWith("node:") && builtinModules.includes(target.slice(5));
    const packages = IMPORTS.filter(({ target }) => !/^(?:src\/|package\.json$)/.test(target) && !isSystem(target));
    const isAbroad = ({ file, target }: Import) => {
      const name = target.startsWith("bun:") ? target : (target.split("/")[0] ?? target);
      return HOME[name]?.test(file) !== true;
    };
    expect(packages.filter(isAbroad).map(shown)).toEqual([]);
    expect(new Set(packages.map(({ target }) => target.split("/")[0])).size).toBe(Object.keys(HOME).length);
  });

  test("of the platform's name are none: it is read in one place", () => {
    const readers = SOURCES.filter((file) => /process\s*\.\s*platform/.test(readDocument(file)));
    const asked = IMPORTS.filter(({ target, names }) => target === "node:os" && names.includes("platform"));
    expect([...readers, ...asked.map(shown)]).toEqual(["src/state/folders.ts"]);
  });
});
