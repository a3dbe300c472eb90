import { describe, expect, test } from "bun:test";
import { ROWS } from "../../src/options/options.ts";
import { optionRows, usage } from "../../src/options/usage.ts";

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
  test.each([undefined, "watch", "sync"] as const)("of %s fits into 80 columns, in plain text", (command) => {
    for (const line of usage(command).split("\n")) expect(line.length).toBeLessThanOrEqual(80);
    expect(usage(command)).toMatch(/^[\x20-\x7e\n]*$/);
  });

  test("names each option once at the start of a line", () => {
    const named = [...usage(undefined).matchAll(/^ {2}--([a-z-]+)/gm)].map(([, name]) => name ?? "");
    expect(named.sort()).toEqual([...ROWS.keys()].sort());
  });

  test("of a command leaves out the other commands", () => {
    expect(usage("watch")).toContain("miroir [watch] ");
    expect(usage("sync")).not.toContain("miroir [watch] ");
  });

  test("shows defaults as they would be typed", () => {
    expect(usage("watch")).toContain("How often the mirror is refreshed (1s)");
  });
});

describe("optionRows()", () => {
  test("is a Markdown row of three cells for each option", () => {
    const rows = optionRows().split("\n");
    expect(rows).toHaveLength(ROWS.size);
    for (const row of rows) expect(row.split(/(?<!\\)\|/)).toHaveLength(5);
    expect(rows).toContain("| `--interval DURATION` | `1s` | How often the mirror is refreshed |");
  });
});
