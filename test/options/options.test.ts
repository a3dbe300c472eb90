import { describe, expect, test } from "bun:test";
import { ROWS } from "../../src/options/options.ts";
import { COMMANDS, type Command, isOptionShown } from "../../src/options/row.ts";
import { usage } from "../../src/options/usage.ts";

describe("OPTIONS", () => {
  test.each([...ROWS])("--%s can be a flag, a variable and a profile key", (name) => {
    expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
  });

  test("each property belongs to one option, the list of rules apart", () => {
    const properties = [...ROWS.values()].filter((row) => row.kind !== "rule").map((row) => row.property);
    expect(new Set(properties).size).toBe(properties.length);
    expect(properties).not.toContain("rules");
  });

  test("the opposite of a switch is no option of its own", () => {
    for (const [name, row] of ROWS) {
      if (row.kind === "switch") expect(ROWS.has(name.startsWith("no-") ? name.slice(3) : `no-${name}`)).toBe(false);
    }
  });
});

describe("usage()", () => {
  const commands = Object.keys(COMMANDS) as Command[];

  test.each([undefined, ...commands])("of %s fits into 80 columns, in plain text", (command) => {
    for (const line of usage(command).split("\n")) expect(line.length).toBeLessThanOrEqual(80);
    expect(usage(command)).toMatch(/^[\x20-\x7e\n]*$/);
  });

  test("without a command fits on a screen, and begins with examples and commands", () => {
    const lines = usage(undefined).split("\n");
    expect(lines.length).toBeLessThanOrEqual(45);
    const commandsAt = lines.indexOf("Commands:");
    expect(lines.findIndex((line) => line.startsWith("  miroir "))).toBeLessThan(commandsAt);
    for (const command of commands) {
      expect(lines.slice(commandsAt)).toContainEqual(expect.stringMatching(new RegExp(`^  \\[?${command}\\b`)));
    }
  });

  test.each(commands)("of %s names each of its options once at the start of a line, and no other", (command) => {
    const named = [...usage(command).matchAll(/^ {2}--([a-z-]+)/gm)].map(([, name]) => name ?? "");
    const own = [...ROWS].filter(([, row]) => isOptionShown(command, row)).map(([name]) => name);
    expect(named.sort()).toEqual(own.sort());
  });

  test("of all commands together leaves no option out", () => {
    const all = commands.map((command) => usage(command)).join("");
    for (const name of ROWS.keys()) expect(all).toContain(`  --${name}`);
  });

  test("of a command leaves out the other commands", () => {
    expect(usage("watch")).toContain("miroir [watch] ");
    expect(usage("sync")).not.toContain("miroir [watch] ");
  });

  test("calls an option required only of the commands that require it", () => {
    expect(usage("sync")).toContain("- is stdout (required)");
    expect(usage("init")).toMatch(/- is stdout$/m);
  });

  test("shows defaults as they would be typed", () => {
    expect(usage("watch")).toContain("How often the mirror is refreshed (1s)");
  });
});
