import { type AST, ParseError, parseTOML } from "toml-eslint-parser";

/** Both count from 1; columns count characters. */
export interface Position {
  line: number;
  column: number;
}

export type TomlValue = { at: Position } & (
  | { kind: "text"; text: string }
  /** As it is written in decimal, without underscores. */
  | { kind: "number"; text: string }
  | { kind: "boolean"; on: boolean }
  | { kind: "list"; items: TomlValue[] }
  | { kind: "table"; entries: TomlEntry[] }
  | { kind: "date" }
);

export interface TomlEntry {
  /** From the top of the document. */
  path: string[];
  at: Position;
  value: TomlValue;
}

export interface TomlHeading {
  path: string[];
  at: Position;
  /** `[[...]]`: one of several. */
  repeated: boolean;
}

export interface TomlDocument {
  headings: TomlHeading[];
  /** Inline tables are divided into their entries; those within lists are left whole. */
  entries: TomlEntry[];
}

export class TomlError extends Error {
  override readonly name = "TomlError";
  readonly at: Position;

  constructor(message: string, at: Position) {
    super(message);
    this.at = at;
  }
}

/** Reads TOML 1.0, keeping where everything stands. Throws TomlError. */
export function parseToml(text: string): TomlDocument {
  const lines = text.split("\n");
  const document: TomlDocument = { headings: [], entries: [] };
  const [top] = parse(text, lines).body;
  for (const node of top.body) {
    if (node.type === "TOMLKeyValue") document.entries.push(...entriesOf(node, [], lines));
    else {
      const path = node.resolvedKey.filter((key) => typeof key === "string");
      document.headings.push({ path, at: positionOf(node.key, lines), repeated: node.kind === "array" });
      for (const entry of node.body) document.entries.push(...entriesOf(entry, path, lines));
    }
  }
  return document;
}

/** The parser's words, where a person may need others; `before`: it names what follows the place that lacks something. */
const WORDS: Record<string, { words: string; before?: true }> = {
  "Expected equal (=) token": { words: 'a "=" is missing after the key', before: true },
  "Unspecified values are invalid": { words: "the value is missing", before: true },
  "The key, equals sign, and value must be on the same line": { words: "the line is not complete", before: true },
  "Unterminated table-key": { words: 'the closing "]" is missing', before: true },
  "Unterminated string constant": { words: "the closing quote is missing" },
  "Defining a key multiple times is invalid": { words: "this was given before. Leave out one" },
  "Unexpected character": { words: "unexpected character. Text stands in quotes" },
  "Invalid character in escape sequence": {
    words: "a backslash begins an escape in double quotes. Write it twice, or use single quotes",
  },
};

function parse(text: string, lines: readonly string[]): AST.TOMLProgram {
  try {
    return parseTOML(text, { tomlVersion: "1.0.0" });
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    const { words, before } = WORDS[error.message] ?? { words: error.message };
    const at = characterPosition({ line: error.lineNumber, column: error.column }, lines);
    const isFirstOfLine = lines[at.line - 1]?.slice(0, error.column).trim() === "";
    const above = endBefore(at.line, lines);
    if (isFirstOfLine && lines[above.line - 1]?.trimEnd().endsWith("=")) {
      throw new TomlError("the value is missing", above);
    }
    throw new TomlError(words, before && isFirstOfLine ? above : at);
  }
}

/** The end of the last line above that says something. */
function endBefore(line: number, lines: readonly string[]): Position {
  for (let above = line - 1; above > 0; above--) {
    const said = lines[above - 1]?.trimEnd() ?? "";
    if (!/^\s*(?:#|$)/.test(said)) return characterPosition({ line: above, column: said.length }, lines);
  }
  return { line, column: 1 };
}

function entriesOf(node: AST.TOMLKeyValue, above: readonly string[], lines: readonly string[]): TomlEntry[] {
  const path = [...above, ...node.key.keys.map((key) => (key.type === "TOMLBare" ? key.name : key.value))];
  if (node.value.type === "TOMLInlineTable") return node.value.body.flatMap((entry) => entriesOf(entry, path, lines));
  return [{ path, at: positionOf(node.key, lines), value: readValue(node.value, lines) }];
}

function readValue(node: AST.TOMLContentNode, lines: readonly string[]): TomlValue {
  const at = positionOf(node, lines);
  switch (node.type) {
    case "TOMLArray":
      return { at, kind: "list", items: node.elements.map((element) => readValue(element, lines)) };
    case "TOMLInlineTable":
      return { at, kind: "table", entries: node.body.flatMap((entry) => entriesOf(entry, [], lines)) };
    case "TOMLValue":
      break;
    default:
      return node satisfies never;
  }
  switch (node.kind) {
    case "string":
      return { at, kind: "text", text: node.value };
    case "integer":
      return { at, kind: "number", text: node.bigint.toString() };
    case "float":
      return { at, kind: "number", text: String(node.value) };
    case "boolean":
      return { at, kind: "boolean", on: node.value };
    default:
      return { at, kind: "date" };
  }
}

function positionOf({ loc }: { loc: AST.SourceLocation }, lines: readonly string[]): Position {
  return characterPosition(loc.start, lines);
}

/** The parser counts columns from 0, in UTF-16 units. */
function characterPosition({ line, column }: Position, lines: readonly string[]): Position {
  return { line, column: [...(lines[line - 1] ?? "").slice(0, column)].length + 1 };
}
