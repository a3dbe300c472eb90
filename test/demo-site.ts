import { appendFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** One thing somebody does in the folder. */
export interface Step {
  /** For the person who looks on. */
  told: string;
  act(folder: string): void;
}

const FIRST_FILES = {
  "index.html": "<h1>Welcome</h1>\n<p>Open from 9 to 5</p>\n",
  "about.html": "<h1>About us</h1>\n",
  "css/site.css": "h1 { color: navy }\n",
  "pictures/logo.svg": '<svg xmlns="http://www.w3.org/2000/svg"><circle r="9"/></svg>\n',
  "pictures/office.svg": '<svg xmlns="http://www.w3.org/2000/svg"><rect width="9" height="9"/></svg>\n',
  "old/news-2019.html": "<h1>News of 2019</h1>\n",
};

/** The small web site that the demo begins with. */
export function makeSite(folder: string): void {
  for (const [path, content] of Object.entries(FIRST_FILES)) write(folder, path, content);
}

export const STEPS: readonly Step[] = [
  {
    told: "creates contact.html",
    act: (folder) => write(folder, "contact.html", "<h1>Contact</h1>\n"),
  },
  {
    told: "saves css/site.css",
    act: (folder) => appendFileSync(join(folder, "css", "site.css"), "p { margin: 1em }\n"),
  },
  {
    told: "saves index.html, its size stays the same",
    act: (folder) => write(folder, "index.html", FIRST_FILES["index.html"].replace("9 to 5", "8 to 6")),
  },
  {
    told: "renames about.html to team.html",
    act: (folder) => renameSync(join(folder, "about.html"), join(folder, "team.html")),
  },
  {
    told: "moves the folder pictures into a new folder media",
    act(folder) {
      mkdirSync(join(folder, "media"));
      renameSync(join(folder, "pictures"), join(folder, "media", "pictures"));
    },
  },
  {
    told: "deletes the folder old",
    act: (folder) => rmSync(join(folder, "old"), { recursive: true }),
  },
];

function write(folder: string, path: string, content: string): void {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}
