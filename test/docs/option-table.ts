import { ROWS } from "../../src/options/options.ts";
import { COMMANDS, type Command, GROUPS, isOptionOf, type Row, variableOf } from "../../src/options/row.ts";
import { standard, syntax } from "../../src/options/usage.ts";

/** The rows of the README's table of options. */
export function optionRows(): string {
  return [...ROWS].map(([name, row]) => `| ${optionCells(name, row).join(" | ")} |`).join("\n");
}

/** Flag, default and meaning. */
function optionCells(name: string, row: Row): [flag: string, standard: string, meaning: string] {
  const cell = (text: string) => text.replaceAll("|", "\\|");
  return [cell(`\`${syntax(name, row)}\``), cell(standardCell(row)), cell(row.help)];
}

function standardCell(row: Row): string {
  const value = standard(row);
  if (row.kind === "value" && (row.default === undefined || row.requiredBy)) return value ?? row.otherwise ?? "";
  return value === undefined ? "none" : `\`${value}\``;
}

/** docs/options.md: each option with every name it has, by group, and the commands that have it. */
export function optionDocument(): string {
  const parts = Object.entries(GROUPS).flatMap(([group, title]) => {
    const rows = [...ROWS].filter(([, row]) => row.group === group);
    if (rows.length === 0) return [];
    const head = ["| option | variable | default | meaning | commands |", "|---|---|---|---|---|"];
    return [`## ${title}`, "", ...head, ...rows.map(([name, row]) => rowOf(name, row)), ""];
  });
  return [
    "# Options",
    "",
    "Each option is at once a flag, a variable of the environment and a key of a profile: `--max-delete`,",
    "`MIROIR_MAX_DELETE`, `max-delete`. Flags win over the environment, the environment over a profile, a profile over the",
    "default. A switch is turned in the environment by `on` and `off`, in a profile by `true` and `false`; a list has one",
    "item a line in the environment. Durations are written `500ms`, `30s`, `5m`, `24h`, a bare number is seconds; sizes",
    "`500k`, `10M`, `1G`, decimal.",
    "",
    "`npm run docs` writes this page anew, from the program's own table.",
    "",
    ...parts,
  ].join("\n");
}

function rowOf(name: string, row: Row): string {
  const [flag, standard, meaning] = optionCells(name, row);
  const commands = (Object.keys(COMMANDS) as Command[]).filter((command) => isOptionOf(command, row));
  const isEverywhere = commands.length === Object.keys(COMMANDS).length;
  return `| ${[flag, `\`${variableOf(name)}\``, standard, meaning, isEverywhere ? "all" : commands.join(", ")].join(" | ")} |`;
}
