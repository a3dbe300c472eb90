import { describe, expect, test } from "bun:test";
import { createRules, linesOf } from "../../src/detect/ignore.ts";
import { createScope, isUnsafeName, type Scope } from "../../src/detect/scope.ts";
import { nameOf, parentOf } from "../../src/detect/tree.ts";

const nothing = () => false;
const none = new Set<string>();

const outside = (scope: Scope, path: string, isFolder: boolean) =>
  scope.inFolder(parentOf(path))(nameOf(path), isFolder);

/** As a walk meets it: every folder above is asked about first, and a folder that is out takes all below along. */
function reasonOnTheWay(scope: Scope, path: string, isFolder: boolean): string | undefined {
  for (let end = path.indexOf("/"); end >= 0; end = path.indexOf("/", end + 1)) {
    const reason = outside(scope, path.slice(0, end), true);
    if (reason) return reason;
  }
  return outside(scope, path, isFolder);
}

function expectAgreement(scope: Scope, path: string, isFolder: boolean): void {
  expect([path, scope.isInside(path, isFolder)]).toEqual([path, reasonOnTheWay(scope, path, isFolder) === undefined]);
}

describe("createScope() and --depth", () => {
  test.each([
    { depth: 0, path: "file", isFolder: false, want: undefined },
    { depth: 0, path: "1", isFolder: true, want: "too-deep" },
    { depth: 0, path: "1/file", isFolder: false, want: "too-deep" },
    { depth: 1, path: "1", isFolder: true, want: undefined },
    { depth: 1, path: "1/file", isFolder: false, want: undefined },
    { depth: 1, path: "1/2", isFolder: true, want: "too-deep" },
    { depth: 6, path: "1/2/3/4/5/6", isFolder: true, want: undefined },
    { depth: 6, path: "1/2/3/4/5/6/file", isFolder: false, want: undefined },
    { depth: 6, path: "1/2/3/4/5/6/7", isFolder: true, want: "too-deep" },
    { depth: 6, path: "1/2/3/4/5/6/7/file", isFolder: false, want: "too-deep" },
    { depth: Number.POSITIVE_INFINITY, path: "1/2/3/4/5/6/7/8/9/file", isFolder: false, want: undefined },
  ] as const)("depth $depth: $path (folder: $isFolder) is out because of $want", ({ depth, path, isFolder, want }) => {
    const scope = createScope(depth, nothing, none);
    expect(reasonOnTheWay(scope, path, isFolder)).toBe(want);
    expectAgreement(scope, path, isFolder);
  });
});

describe("createScope() and miroir's own files", () => {
  test.each([
    { path: ".miroirignore", want: "own" },
    { path: "sub/.miroirignore", want: undefined },
    { path: ".miroir-3f2a", want: "own" },
    { path: "sub/.miroir-3f2a", want: "own" },
    { path: "sub/.miroir-3f2a/inside", want: "own" },
    { path: "sub/my.miroir-file", want: undefined },
    { path: ".miroir", want: undefined },
    { path: "logs/m.log", want: "own" },
    { path: "logs/m.log.1", want: undefined },
    { path: "state/mirror-1/manifest.json", want: "own" },
    { path: "other/state/x", want: undefined },
  ] as const)("$path: $want", ({ path, want }) => {
    const scope = createScope(6, nothing, new Set(["logs/m.log", "state"]));
    expect(reasonOnTheWay(scope, path, false)).toBe(want);
    expectAgreement(scope, path, false);
  });

  test("no rule of the user brings them back", () => {
    const scope = createScope(6, createRules(["!.miroirignore", "!.miroir-*", "!m.log"]), new Set(["m.log"]));
    for (const path of [".miroirignore", ".miroir-1", "m.log"]) expect(outside(scope, path, false)).toBe("own");
  });
});

describe("createRules(): gitignore", () => {
  test.each<{ rules: string[]; out: string[]; in: string[] }>([
    { rules: ["*.tmp"], out: ["a.tmp", "sub/b.tmp"], in: ["a.tmp.txt", "tmp"] },
    { rules: ["/top"], out: ["top", "top/x"], in: ["sub/top"] },
    { rules: ["cache/"], out: ["cache/x", "sub/cache/y"], in: ["cache"] },
    { rules: ["sub/*.txt"], out: ["sub/a.txt"], in: ["sub/deep/a.txt", "a.txt"] },
    { rules: ["**/x"], out: ["x", "a/x", "a/b/x"], in: ["xx"] },
    { rules: ["a/**/z"], out: ["a/z", "a/b/z", "a/b/c/z"], in: ["b/a/z"] },
    { rules: ["a/**"], out: ["a/b", "a/b/c"], in: ["b/a"] },
    { rules: ["*.log", "!keep.log"], out: ["a.log"], in: ["keep.log", "sub/keep.log"] },
    { rules: ["!keep.log", "*.log"], out: ["keep.log"], in: ["keep.txt"] },
    { rules: ["sub/", "!sub/keep"], out: ["sub/keep", "sub/x"], in: ["keep"] },
    { rules: ["sub/*", "!sub/keep"], out: ["sub/x"], in: ["sub/keep"] },
    { rules: ["*", "!*.html"], out: ["a.css", "sub/a.html"], in: ["a.html"] },
    { rules: ["# a comment", "", "  ", "\\#name"], out: ["#name"], in: ["a", "# a comment"] },
    { rules: ["\\!name"], out: ["!name"], in: ["name"] },
    { rules: ["trailing  "], out: ["trailing"], in: ["trailing  "] },
    { rules: ["kept\\ "], out: ["kept "], in: ["kept"] },
    { rules: ["a?c"], out: ["abc"], in: ["ac", "a/c"] },
    { rules: ["[ab].txt"], out: ["a.txt", "b.txt"], in: ["c.txt"] },
    { rules: ["Case"], out: ["Case"], in: ["case"] },
    { rules: ["\u00e9t\u00e9"], out: ["\u00e9t\u00e9"], in: ["ete"] },
    { rules: [], out: [], in: ["a", "..a", "...", "a\\b"] },
    { rules: ["b"], out: ["b"], in: ["..a", "...", "a\\b", "~", ".hidden"] },
  ])("$rules", ({ rules, out, in: inside }) => {
    const scope = createScope(6, createRules(rules), none);
    for (const path of out) expect([path, reasonOnTheWay(scope, path, false)]).toEqual([path, "excluded"]);
    for (const path of inside) expect([path, reasonOnTheWay(scope, path, false)]).toEqual([path, undefined]);
    for (const path of [...out, ...inside]) expectAgreement(scope, path, false);
  });

  test("a folder's rule takes the folder itself, and not a file of that name", () => {
    const isExcluded = createRules(["cache/"]);
    expect([isExcluded?.("cache", true), isExcluded?.("cache", false)]).toEqual([true, false]);
  });

  test("what is excluded is told as such, though it is too deep as well", () => {
    const scope = createScope(0, createRules(["node_modules"]), none);
    expect(outside(scope, "node_modules", true)).toBe("excluded");
  });
});

describe("linesOf()", () => {
  test.each<{ name: string; text: string; want: string[] }>([
    { name: "a byte order mark and Windows line ends", text: "\uFEFFa\r\nb\r\n", want: ["a", "b", ""] },
    { name: "no line end at the end", text: "a\nb", want: ["a", "b"] },
    { name: "nothing", text: "", want: [""] },
  ])("$name", ({ text, want }) => {
    expect(linesOf(text)).toEqual(want);
    expect(createRules(linesOf(text))?.("b", false) ?? false).toBe(want.includes("b"));
  });
});

describe("isUnsafeName()", () => {
  test.each([
    ["line\nfeed", true],
    ["carriage\rreturn", true],
    ["nul\0", true],
    ["tab\t", true],
    ["escape\u001b", true],
    ["delete\u007f", true],
    ["half a pair \ud800", true],
    ["plain name.txt", false],
    [" spaces ", false],
    ["\u00e9\u00df\u7f51\u{1f600}", false],
    ["line separator\u2028", false],
    ["__proto__", false],
  ])("%j is %p", (name, want) => {
    expect(isUnsafeName(name)).toBe(want);
  });
});
