/** `npm run walk` writes docs/walk.md: what a terminal shows of a newcomer's first minutes, in a real run. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Shown, takeWalk, type Walk } from "../e2e/walk.ts";
import { ROOT } from "./document.ts";

export function walkPage(walk: Walk): string {
  return [
    "# A first walk",
    "",
    "From an empty home to a watched site, as a terminal of 100 columns showed it. Nothing is left out. Host, addresses,",
    "ports, times and paths are put in the place of those of the run, and long lines are whole.",
    "",
    "`npm run walk` writes this page anew, from a run of the executable against the server that the tests bring along.",
    "",
    "## Is it there?",
    "",
    "The one file of the archive stands in a folder of the `PATH` ([install.md](install.md)); nothing else is installed.",
    "",
    ...block(walk.version),
    "## Set up",
    "",
    "`website` holds a page, a style sheet, an unfinished picture and a file `.miroirignore` with the line `*.psd`. The",
    "server has signed its certificate itself. The password is typed and not shown.",
    "",
    ...block(walk.init),
    "## Watch",
    "",
    "It begins with all of the folder, then waits. The last line is a live one.",
    "",
    ...block(walk.watch),
    "Somebody saves `contact.html`. It is on the site; the same terminal now shows:",
    "",
    ...block(walk.change),
    "## Is it well?",
    "",
    "In another terminal, while the first one watches:",
    "",
    ...block(walk.status, walk.check),
    "Somebody else writes over `index.html` on the server. `check` tells, and changes nothing:",
    "",
    ...block(walk.different),
    "## Stop, repair",
    "",
    ...block(walk.stop),
    "The first terminal has ended, and its live line is gone:",
    "",
    ...block(walk.stopped),
    "A watch compares the site once a day by itself. This is the same at once:",
    "",
    ...block(walk.repair),
    "## What is wrong with the server?",
    "",
    "Its passive ports are closed now:",
    "",
    ...block(walk.doctor),
  ]
    .join("\n")
    .replace(/\n+$/, "\n");
}

function block(...shown: Shown[]): string[] {
  const ended = (code: number | undefined) => (code ? [`(exit code ${code})`] : []);
  const lines = shown.flatMap(({ command, lines, code }) => [`$ ${command}`, ...lines, ...ended(code)]);
  return ["```", ...lines, "```", ""];
}

if (import.meta.main) {
  writeFileSync(join(ROOT, "docs", "walk.md"), walkPage(await takeWalk()));
  process.exit();
}
