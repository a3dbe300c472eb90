import { ROWS } from "./options.ts";
import {
  COMMANDS,
  type Command,
  DEFAULT_COMMAND,
  flagOf,
  formatValue,
  GROUPS,
  isOptionShown,
  isPairing,
  type Row,
} from "./row.ts";

const WIDTH = 80;
const HELP_COLUMN = 28;

const EXAMPLES = `Examples:
  miroir ./public ftp://alice@example.org/www --log miroir.log
  miroir sync ./public ftpes://alice@example.org/www --log - --depth 2
  miroir sync --profile website
  miroir check ./public ftpes://alice@example.org/www`;

const SITE = `SITE is ftp://[USER[:PASSWORD]@]HOST[:PORT][/DIR], percent-decoded. DIR starts
at the login folder, //DIR at the root. ftpes:// demands explicit TLS, ftps://
implicit TLS.`;

const ENVIRONMENT = `Each option is a variable too: --password-file is MIROIR_PASSWORD_FILE.
A password that is given nowhere is asked for.`;

/** The text of `--help`: no colour, at most 80 columns. */
export function usage(command: Command | undefined): string {
  const own = [...ROWS].filter(([, row]) => command === undefined || isOptionShown(command, row));
  const groups = Object.entries(GROUPS).flatMap(([key, title]) => {
    const lines = own.filter(([, row]) => row.group === key).flatMap(([name, row]) => optionLines(name, row));
    return lines.length === 0 ? [] : [`${title}:`, ...lines];
  });
  const general = twoColumns("-h, --help; -V, --version", "This text; the version");
  const mirroring = command === undefined || isPairing(command);
  const head = mirroring ? [EXAMPLES, "", SITE, ""] : [];
  const foot = mirroring ? ["", ENVIRONMENT] : [];
  return `${[...synopses(command), "", ...head, ...groups, ...general, ...foot].join("\n")}\n`;
}

/** The rows of the README's table of options. */
export function optionRows(): string {
  return [...ROWS].map(([name, row]) => `| ${optionCells(name, row).join(" | ")} |`).join("\n");
}

/** Flag, default and meaning, for a table in Markdown. */
export function optionCells(name: string, row: Row): [flag: string, standard: string, meaning: string] {
  const cell = (text: string) => text.replaceAll("|", "\\|");
  return [cell(`\`${syntax(name, row)}\``), cell(standardCell(row)), cell(row.help)];
}

function synopses(command: Command | undefined): string[] {
  const shown = Object.entries(COMMANDS).filter(([name]) => command === undefined || name === command);
  return shown.flatMap(([name, { arguments: operands, help }]) => {
    const verb = name === DEFAULT_COMMAND ? `[${name}]` : name;
    return [`miroir ${[verb, operands].filter(Boolean).join(" ")} [OPTION]...`, `  ${help}`];
  });
}

function syntax(name: string, row: Row): string {
  if (row.kind === "switch") return flagOf(name);
  return `${flagOf(name)} ${row.kind === "rule" ? row.hint : row.type.hint}`;
}

/** What holds when the option is not given. */
function standard(row: Row): string | undefined {
  if (row.kind === "value") return row.requiredBy ? "required" : formatValue(row, row.default);
  return row.kind === "switch" ? "off" : undefined;
}

function standardCell(row: Row): string {
  const value = standard(row);
  if (row.kind === "value" && (row.default === undefined || row.requiredBy)) return value ?? row.otherwise ?? "";
  return value === undefined ? "none" : `\`${value}\``;
}

function optionLines(name: string, row: Row): string[] {
  const value = row.kind === "switch" ? undefined : standard(row);
  return twoColumns(syntax(name, row), value === undefined ? row.help : `${row.help} (${value})`);
}

function twoColumns(left: string, right: string): string[] {
  const lines = wrap(right, WIDTH - HELP_COLUMN).map((line) => " ".repeat(HELP_COLUMN) + line);
  const start = `  ${left}`;
  if (start.length > HELP_COLUMN - 1) return [start, ...lines];
  const [first = "", ...more] = lines;
  return [start.padEnd(HELP_COLUMN) + first.slice(HELP_COLUMN), ...more];
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
