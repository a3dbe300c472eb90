import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import packageJson from "../../package.json" with { type: "json" };
import { TARGET_NAMES } from "../../src/build/targets.ts";
import { ROWS } from "../../src/options/options.ts";
import { parseProfiles } from "../../src/options/profile.ts";
import { COMMANDS } from "../../src/options/row.ts";
import { anchorsOf, codeBlocks, codeSpans, linksOf, ROOT, readDocument, sourceFiles } from "./document.ts";

const README = readDocument("README.md");
const code = [...codeSpans(README), ...codeBlocks(README)];

describe("README.md", () => {
  test("names every event of the log, and no other", () => {
    const [, union = ""] = /export type LogEvent =([^;]*);/.exec(readDocument("src/report/record.ts")) ?? [];
    const events = [...union.matchAll(/"(\w+)"/g)].map(([, event]) => event);
    const [, section = ""] = README.split("| event | meaning |");
    const rows = section.split("\n\n", 1)[0]?.match(/^\| `.*? \|/gm) ?? [];
    const named = rows.flatMap((row) => [...row.matchAll(/`(\w+)`/g)].map(([, event]) => event));
    expect(named.sort()).toEqual(events.sort());
  });

  test("names only options that exist", () => {
    const foreign = new Set(["--all", "--keep", "--target", "--save", "--now", "--user", "--write"]);
    const known = new Set([...[...ROWS.keys()].map((name) => `--${name}`), "--help", "--version"]);
    const named = code.flatMap((text) => [...text.matchAll(/(?<![\w-])--[a-z][a-z-]*/g)].map(([flag]) => flag));
    expect(named.filter((flag) => !known.has(flag) && !foreign.has(flag))).toEqual([]);
  });

  test("names only commands that exist", () => {
    // At the start of a line or after a quote or a path, unlike in a sentence. "miroir website" is the name of a task.
    const words = code.flatMap((text) => [...text.matchAll(/(?:^(?:\$ )?|["'/\\])miroir(?:\.exe"?)? ([a-z]+)/g)]);
    const named = new Set(words.map(([, word = ""]) => word).filter((word) => word !== "website"));
    expect([...named].filter((word) => !Object.hasOwn(COMMANDS, word))).toEqual([]);
    expect([...named].sort()).toEqual(Object.keys(COMMANDS).sort());
  });

  test("names only variables that exist", () => {
    const known = new Set([...ROWS.keys()].map((name) => `MIROIR_${name.toUpperCase().replaceAll("-", "_")}`));
    const named = code.flatMap((text) => text.match(/MIROIR_[A-Z_]+/g) ?? []);
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });

  test("names only scripts of package.json", () => {
    const named = code.flatMap((text) =>
      [...text.matchAll(/\b(?:npm|bun) run ([\w-]+)/g)].map(([, name = ""]) => name),
    );
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((name) => !Object.hasOwn(packageJson.scripts, name))).toEqual([]);
    expect(Object.keys(packageJson.scripts)).toContain("test");
  });

  test("names every target of the build, and no other", () => {
    const named = new Set(
      code.flatMap((text) => text.match(/\b(?:linux|windows|darwin)-(?:x64|arm64)(?:-\w+)?\b/g) ?? []),
    );
    expect([...named].sort()).toEqual([...TARGET_NAMES].sort());
  });

  test("quotes messages that the program has", () => {
    const source = sourceFiles()
      .map((path) => readDocument(path))
      .join("\n");
    const [, section = ""] = README.split("| what you see | why | what to do |");
    const cells = section.split("\n\n", 1)[0]?.match(/^\| .*? \|/gm) ?? [];
    const fragments = cells
      .flatMap((cell) => codeSpans(cell))
      .flatMap((message) => message.split("..."))
      .map((fragment) => fragment.replace(/^[\s,:(]+|[\s,:)]+$/g, ""))
      .filter((fragment) => fragment !== "");
    expect(fragments.length).toBeGreaterThan(20);
    expect(fragments.filter((fragment) => !source.includes(fragment))).toEqual([]);
  });
});

test("README.md shows a configuration file that can be read as it stands", () => {
  const [, text = ""] = /<!-- tested: configuration -->\s+```toml\n([\s\S]*?)^```/m.exec(README) ?? [];
  const profiles = parseProfiles(text, { file: "/home/alice/.config/miroir/config.toml", home: "/home/alice" });
  expect(profiles.map(({ name }) => name)).toEqual(["website", "shop"]);
  expect(profiles[0]?.folder).toBe(join("/home/alice", "website"));
  expect(profiles[1]?.given.map(({ name }) => name)).toContain("ignore-file");
});

/** Every page of docs/, as `docs/design.md`. */
function documents(): string[] {
  return [...new Bun.Glob("docs/*.md").scanSync({ cwd: ROOT })].sort();
}

test.each(["README.md", "CHANGELOG.md", ...documents()])("%s has only links that lead somewhere", (path) => {
  const text = readDocument(path);
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
