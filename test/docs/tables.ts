import { EXIT_MEANINGS } from "../../src/report/exit.ts";
import { REASONS } from "../../src/report/reasons.ts";
import { optionRows } from "./option-table.ts";

const TABLES: Record<string, string> = {
  options: table(["option", "default", "meaning"], optionRows()),
  "exit codes": table(["code", "meaning"], rowsOf(EXIT_MEANINGS)),
  reasons: table(["reason", "meaning"], rowsOf(REASONS)),
};

/** The document with each table, as the program gives it, between `<!-- name -->` and `<!-- /name -->`. */
export function withTables(text: string): string {
  let filled = text;
  for (const [name, rows] of Object.entries(TABLES)) {
    const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
    const [head, rest = ""] = filled.split(start);
    const [, tail] = rest.split(end);
    if (tail === undefined) throw new Error(`The document has no part "${name}"`);
    filled = `${head}${start}\n\n${rows}\n\n${end}${tail}`;
  }
  return filled;
}

function table(head: string[], rows: string): string {
  return [`| ${head.join(" | ")} |`, `|${"---|".repeat(head.length)}`, rows].join("\n");
}

function rowsOf(meanings: Record<string, string>): string {
  return Object.entries(meanings)
    .map(([name, meaning]) => `| \`${name}\` | ${meaning} |`)
    .join("\n");
}
