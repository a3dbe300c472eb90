import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import packageJson from "../../package.json" with { type: "json" };
import { ROWS } from "../../src/options/options.ts";
import { COMMANDS, variableOf } from "../../src/options/row.ts";
import { anchorsOf, codeBlocks, codeSpans, commandsNamed, linksOf, ROOT, readDocument } from "./document.ts";

const PAGES = ["README.md", "CHANGELOG.md", ...new Bun.Glob("docs/*.md").scanSync({ cwd: ROOT })].sort();

const codeOf = (text: string) => [...codeSpans(text), ...codeBlocks(text)];

const OPTIONS = new Set([...[...ROWS.keys()].map((name) => `--${name}`), "--help", "--version"]);
/** Options of the scripts of package.json, and of programs that the pages have a command of. */
const OTHER_OPTIONS = new Set([
  ...["--all", "--keep", "--minutes", "--target", "--write"],
  ...["--check", "--ignore-missing", "--no-git-tag-version", "--now", "--omit", "--save", "--track-renames", "--user"],
]);

/** Variables of the tests and of their set-up. */
const TEST_VARIABLES = /^MIROIR_(?:TEST_\w+|REQUIRE_ALL|WINE_ROOT)$/;
const VARIABLES = new Set([...ROWS.keys()].map(variableOf));

describe.each(PAGES)("%s names only", (path) => {
  const text = readDocument(path);
  // The page of the bench also has the command lines of other programs.
  const code = codeOf(text).filter((each) => path !== "docs/bench.md" || /\bmiroir\b/.test(each));

  test("options that exist", () => {
    const named = code.flatMap((each) => [...each.matchAll(/(?<![\w-])--[a-z][a-z-]*/g)].map(([flag]) => flag));
    expect(named.filter((flag) => !OPTIONS.has(flag) && !OTHER_OPTIONS.has(flag))).toEqual([]);
  });

  test("commands that exist", () => {
    expect(commandsNamed(text).filter((word) => !Object.hasOwn(COMMANDS, word))).toEqual([]);
  });

  test("variables that exist", () => {
    const named = code.flatMap((each) => each.match(/MIROIR_[A-Z][A-Z_]*/g) ?? []);
    expect(named.filter((name) => !VARIABLES.has(name) && !TEST_VARIABLES.test(name))).toEqual([]);
  });

  test("scripts of package.json", () => {
    const named = code.flatMap((each) =>
      [...each.matchAll(/\b(?:npm|bun) run ([\w-]+)/g)].map(([, name = ""]) => name),
    );
    expect(named.filter((name) => !Object.hasOwn(packageJson.scripts, name))).toEqual([]);
  });

  test("files of this repository that exist", () => {
    const named = code.flatMap((each) => each.match(/(?<![\w./~-])\.?\/?(?:src|test|docs|\.ci)\/[\w./-]+\w/g) ?? []);
    expect(named.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
  });

  test("links that lead somewhere", () => {
    const anchors = anchorsOf(text);
    const broken = linksOf(text).filter((target) => {
      if (/^https?:/.test(target)) return false;
      if (target.startsWith("#")) return !anchors.has(target);
      const [file = "", anchor] = target.split("#");
      const place = join(path, "..", file);
      if (!existsSync(join(ROOT, place))) return true;
      return anchor !== undefined && !anchorsOf(readDocument(place)).has(`#${anchor}`);
    });
    expect(broken).toEqual([]);
  });
});

test("the pages are linked from README.md, each of them", () => {
  const linked = new Set(linksOf(readDocument("README.md")).map((target) => target.split("#")[0]));
  expect(PAGES.filter((path) => path !== "README.md" && !linked.has(path))).toEqual([]);
});

test("the pages name commands, options, variables, scripts and files at all", () => {
  const all = PAGES.map(readDocument);
  expect(new Set(all.flatMap(commandsNamed)).size).toBe(Object.keys(COMMANDS).length);
  const code = all.flatMap(codeOf).join("\n");
  for (const each of [/--depth/, /MIROIR_PASSWORD/, /npm run build/, /src\/main\.ts/]) expect(code).toMatch(each);
});
