import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { TARGET_NAMES } from "../../src/build/targets.ts";
import { parseProfiles } from "../../src/options/profile.ts";
import { COMMANDS } from "../../src/options/row.ts";
import { codeBlocks, codeSpans, commandsNamed, readDocument, sourceFiles } from "./document.ts";

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

  test("names every command", () => {
    expect([...new Set(commandsNamed(README))].sort()).toEqual(Object.keys(COMMANDS).sort());
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

test("docs/profiles.md shows a configuration file that can be read as it stands", () => {
  const page = readDocument("docs/profiles.md");
  const [, text = ""] = /<!-- tested: configuration -->\s+```toml\n([\s\S]*?)^```/m.exec(page) ?? [];
  const profiles = parseProfiles(text, { file: "/home/alice/.config/miroir/config.toml", home: "/home/alice" });
  expect(profiles.map(({ name }) => name)).toEqual(["website", "shop"]);
  expect(profiles[0]?.folder).toBe(join("/home/alice", "website"));
  expect(profiles[1]?.given.map(({ name }) => name)).toContain("ignore-file");
});
