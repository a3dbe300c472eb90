import { sourceFiles } from "./document.ts";
import { type Message, messagesOf } from "./messages.ts";

/** Where a person meets what stands in a source file: the first that fits. */
const PLACES: ReadonlyArray<[title: string, files: RegExp]> = [
  ["Command line, environment and profiles", /^src\/(options\/|commands\/(settle|user-files)|main)/],
  ["Setting a mirror up", /^src\/(setup\/|service\/|commands\/service|process\/restart)/],
  ["Trying a site out", /^src\/(doctor\/|check\/|commands\/(doctor|check))/],
  ["The local folder", /^src\/detect\//],
  ["Connection, login and encryption", /^src\/remote\/(session|trust|login|control|pipeline|pool|dial|data)/],
  ["The site", /^src\/remote\//],
  ["The mirror", /^src\/(mirror\/|plan\/|commands\/assemble)/],
  ["State, lock and other runs", /^src\/(state\/|commands\/(manage|known)|process\/(stop|presence))/],
  ["Log and terminal", /./],
];

/** docs/messages.md. */
export function messageDocument(): string {
  const messages = sourceFiles()
    .filter((file) => !isOfTheBuild(file))
    .flatMap(messagesOf);
  const parts = PLACES.flatMap(([title], index) => {
    const texts = messages.filter(({ file }) => placeOf(file) === index).map(cellOf);
    const rows = [...new Set(texts)].sort((one, other) => one.localeCompare(other, "en"));
    return rows.length === 0 ? [] : [`## ${title}`, "", "| message |", "|---|", ...rows.map((row) => `| ${row} |`), ""];
  });
  return [
    "# What miroir says",
    "",
    "Every sentence of the program, as its sources have it: on the terminal, in the log, in refusals. What varies stands in",
    "‹ ›. [README.md](../README.md#troubleshooting) tells what to do about the ones that need more than their own words.",
    "",
    "`npm run docs` writes this page anew.",
    "",
    ...parts,
  ].join("\n");
}

/** What makes the program is not in it. */
function isOfTheBuild(file: string): boolean {
  return file.startsWith("src/build/");
}

function placeOf(file: string): number {
  return PLACES.findIndex(([, files]) => files.test(file));
}

function cellOf({ text }: Message): string {
  return text
    .trim()
    .replaceAll("|", "\\|")
    .replace(/[<>*_`]/g, "\\$&");
}
