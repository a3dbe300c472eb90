import { ROWS } from "./options.ts";
import {
  COMMANDS,
  type Command,
  DEFAULT_COMMAND,
  flagOf,
  formatValue,
  GROUPS,
  isOptionShown,
  type Row,
} from "./row.ts";

const WIDTH = 80;
const HELP_COLUMN = 28;
/** Of the help below its option, where there is no place for two columns. */
const NARROW_INDENT = 4;

const PURPOSE = "miroir keeps a remote FTP site a faithful mirror of a local folder.";

/** Of the commands whose use does not show in their synopsis. */
const EXAMPLES: Partial<Record<Command, readonly string[]>> = {
  watch: ["miroir ./public ftp://alice@example.org/www --log miroir.log", "miroir --profile website"],
  sync: [
    "miroir sync ./public ftpes://alice@example.org/www --log - --depth 2",
    "miroir sync --profile website --dry-run",
  ],
  check: ["miroir check ./public ftpes://alice@example.org/www"],
  doctor: ["miroir doctor ftpes://alice@example.org/www", "miroir doctor --profile website"],
  service: ["miroir service install --profile website --every 15m", "miroir service remove website"],
  init: ["miroir init", "miroir init ./public ftpes://alice@example.org/www --profile website"],
};
const FIRST_EXAMPLES = [EXAMPLES.watch?.[0], EXAMPLES.sync?.[0], EXAMPLES.init?.[0]];

/** What most people need: the others are shown with their command. */
const MOST_USED = ["log", "interval", "depth", "exclude", "delete", "tls", "password-file", "dry-run", "debug"];

const SITE = `SITE is ftp://[USER[:PASSWORD]@]HOST[:PORT][/DIR], percent-decoded. DIR starts
at the login folder, //DIR at the root. ftpes:// demands explicit TLS, ftps://
implicit TLS.`;

const ENVIRONMENT = `Each option is a variable too: --password-file is MIROIR_PASSWORD_FILE.
A password that is given nowhere is asked for.`;

const SERVICE = `"install" takes what "watch" takes; with --every, what "sync" takes.`;

const general = (columns: number) => twoColumns("-h, --help; -V, --version", "This text; the version", columns);

/** The text of `--help`: no colour, at most 80 columns, and no more than `columns` where its words allow. */
export function usage(command: Command | undefined, columns = WIDTH): string {
  const lines = command === undefined ? overview(columns) : usageOf(command, columns);
  return `${(columns < WIDTH ? lines.flatMap((line) => indented(line, columns)) : lines).join("\n")}\n`;
}

/** A text wrapped below its own beginning. */
function indented(text: string, columns: number): string[] {
  const indent = /^ */.exec(text)?.[0] ?? "";
  return wrap(text.slice(indent.length).replaceAll("\n", " "), columns - indent.length).map((line) => indent + line);
}

/** All commands, and what most people need: no more than a screen. */
function overview(columns: number): string[] {
  const commands = Object.entries(COMMANDS).flatMap(([name, { arguments: operands, help }]) => {
    const verb = name === DEFAULT_COMMAND ? `[${name}]` : name;
    return twoColumns([verb, operands.replaceAll(" --log FILE", "")].filter(Boolean).join(" "), help, columns);
  });
  const options = MOST_USED.flatMap((name) => {
    const row = ROWS.get(name);
    return row === undefined ? [] : optionLines(name, row, columns);
  });
  return [
    ...[PURPOSE, ""],
    ...FIRST_EXAMPLES.flatMap((line) => (line === undefined ? [] : [`  ${line}`])),
    ...["", "Commands:", ...commands],
    ...["", 'Options most used ("miroir COMMAND --help" tells all of a command):', ...options, ...general(columns)],
    ...["", SITE],
  ];
}

/** One command with its examples and all its options, by group. */
function usageOf(command: Command, columns: number): string[] {
  const { arguments: operands, help } = COMMANDS[command];
  const verb = command === DEFAULT_COMMAND ? `[${command}]` : command;
  const groups = Object.entries(GROUPS).flatMap(([key, title]) => {
    const own = [...ROWS].filter(([, row]) => row.group === key && isOptionShown(command, row));
    return own.length === 0
      ? []
      : [`${title}:`, ...own.flatMap(([name, row]) => optionLines(name, row, columns, command))];
  });
  const examples = EXAMPLES[command] ?? [];
  return [
    ...operands.split(" | ").map((form) => `miroir ${[verb, form].filter(Boolean).join(" ")} [OPTION]...`),
    `  ${help}`,
    ...(examples.length === 0 ? [] : ["", "Examples:", ...examples.map((line) => `  ${line}`)]),
    ...["", ...groups, ...general(columns)],
    ...(command === "service" ? ["", SERVICE] : []),
    ...(operands.includes("SITE") ? ["", SITE, "", ENVIRONMENT] : []),
  ];
}

/** The option as it is written: `--depth N|unlimited`. */
export function syntax(name: string, row: Row): string {
  if (row.kind === "switch") return flagOf(name);
  return `${flagOf(name)} ${row.kind === "rule" ? row.hint : row.type.hint}`;
}

/** What holds when the option is not given to `command`, or to those that have it. */
export function standard(row: Row, command?: Command): string | undefined {
  if (row.kind !== "value") return row.kind === "switch" ? "off" : undefined;
  const isRequired = row.requiredBy && (command === undefined || row.requiredBy.includes(command));
  return isRequired ? "required" : formatValue(row, row.default);
}

function optionLines(name: string, row: Row, columns: number, command?: Command): string[] {
  const value = row.kind === "switch" ? undefined : standard(row, command);
  return twoColumns(syntax(name, row), value === undefined ? row.help : `${row.help} (${value})`, columns);
}

function twoColumns(left: string, right: string, columns: number): string[] {
  if (columns < WIDTH) return [`  ${left}`, " ".repeat(NARROW_INDENT) + right];
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
