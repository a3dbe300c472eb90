import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseToml, TomlError } from "../../src/options/toml.ts";

describe("parseToml()", () => {
  test("gives each entry its whole path, its value and where both stand", () => {
    const text = '[a]\n  x = 1_000\n[b.c]\n"k é" = true\ny.z = { "w" = \'C:\\x\' }\nl = ["p", { q = 0x10 }]\n';
    const { headings, entries } = parseToml(text);
    expect(headings).toEqual([
      { path: ["a"], at: { line: 1, column: 2 }, repeated: false },
      { path: ["b", "c"], at: { line: 3, column: 2 }, repeated: false },
    ]);
    expect(entries).toMatchObject([
      {
        path: ["a", "x"],
        at: { line: 2, column: 3 },
        value: { kind: "number", text: "1000", at: { line: 2, column: 7 } },
      },
      { path: ["b", "c", "k é"], value: { kind: "boolean", on: true, at: { line: 4, column: 9 } } },
      { path: ["b", "c", "y", "z", "w"], at: { line: 5, column: 9 }, value: { kind: "text", text: "C:\\x" } },
      {
        path: ["b", "c", "l"],
        value: {
          kind: "list",
          items: [
            { kind: "text", text: "p" },
            { kind: "table", entries: [{ path: ["q"], value: { kind: "number", text: "16" } }] },
          ],
        },
      },
    ]);
  });

  test("counts columns in characters", () => {
    expect(parseToml('"𝕏é" = 1').entries[0]?.value.at).toEqual({ line: 1, column: 8 });
  });

  test.each<[string, number, number, string]>([
    ['[a]\nx = "abc\n', 2, 9, "the closing quote is missing"],
    ["[a]\nx = 1\nx = 2\n", 3, 1, "this was given before"],
    ["[a]\nx = 1\n[a]\n", 3, 2, "this was given before"],
    ["[a]\ndepth =\n\n# nothing\ny = 1\n", 2, 8, "the value is missing"],
    ["[a]\ndepth =", 2, 8, "the value is missing"],
    ["[a]\ndepth\ny = 1\n", 2, 6, "the line is not complete"],
    ["[a]\ndepth 5\n", 2, 7, 'a "=" is missing'],
    ["[a\nx = 1\n", 1, 3, "the line is not complete"],
    ["[a]\ntls = explicit\n", 2, 7, "Text stands in quotes"],
    ['[a]\nlog = "C:\\Users"\n', 2, 11, "a backslash begins an escape"],
    ["[a]\nx = 1 2\n", 2, 7, "Must be a newline"],
  ])("refuses %j at line %d, column %d", (text, line, column, words) => {
    try {
      parseToml(text);
    } catch (error) {
      expect(error).toBeInstanceOf(TomlError);
      const { message, at } = error as TomlError;
      expect(at).toEqual({ line, column });
      return expect(message).toContain(words);
    }
    throw new Error("not refused");
  });

  test("reads any text, or throws a TomlError that points into it", () => {
    const line = fc.oneof(fc.string(), fc.constantFrom("[a]", "[[b]]", "x = 1", 'y = "', "z = [", "}", "a.b = {c=1}"));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 6 }), (lines) => {
        try {
          parseToml(lines.join("\n"));
        } catch (error) {
          if (!(error instanceof TomlError)) throw error;
          const count = lines.join("\n").split("\n").length;
          expect(error.at.line).toBeWithin(1, count + 1);
          expect(error.at.column).toBeGreaterThanOrEqual(1);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
