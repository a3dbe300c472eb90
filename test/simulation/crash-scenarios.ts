import type { LocalTree } from "./local-tree.ts";
import type { Profile } from "./model-server.ts";
import type { Settings } from "./world.ts";

/** What FOLDER holds when a run begins, and what happened to it before the run that is killed. */
export interface CrashScenario {
  name: string;
  before: Record<string, string>;
  edit(local: LocalTree): void;
  profile?: Partial<Profile>;
  inPlace?: boolean;
}

const OVERWRITING: Profile = {
  machineListings: true,
  setTime: "MFMT",
  renameOverwrites: true,
  hidesDotFiles: false,
  listsAtMost: Number.POSITIVE_INFINITY,
  tellsTruncation: true,
  capacityBytes: Number.POSITIVE_INFINITY,
};

export const settingsOf = ({ profile, inPlace = false }: CrashScenario): Settings => ({
  profile: { ...OVERWRITING, ...profile },
  delete: "tracked",
  maxDelete: Number.POSITIVE_INFINITY,
  connections: 1,
  windowSize: 64,
  grainMs: 1,
  writesLarge: false,
  inPlace,
});

/** Contents by path; a path that ends in `/` is a folder. */
export function fill(local: LocalTree, entries: Record<string, string>): void {
  for (const [path, content] of Object.entries(entries)) {
    if (path.endsWith("/")) local.makeFolder(path.slice(0, -1));
    else local.write(path, Buffer.from(content), "replaced");
  }
}

const SITE = { "css/": "", "css/site.css": "body {}", "css/old.css": "old", "index.html": "<p>", "note.txt": "a note" };

function changeAll(local: LocalTree): void {
  local.write("index.html", Buffer.from("<p>new</p>"), "replaced");
  local.move("note.txt", "css/note.txt");
  local.remove("css/old.css");
  local.makeFolder("img");
  local.write("img/a.png", Buffer.from("png"), "replaced");
  local.touch("css/site.css");
}

export const CRASH_SCENARIOS: CrashScenario[] = [
  { name: "a first run", before: {}, edit: (local) => fill(local, SITE) },
  { name: "a bit of everything", before: SITE, edit: changeAll },
  {
    name: "a bit of everything, on a server that renames over no file and sets no times",
    before: SITE,
    edit: changeAll,
    profile: { renameOverwrites: false, setTime: "none", machineListings: false },
  },
  { name: "a bit of everything, in place", before: SITE, edit: changeAll, inPlace: true },
  { name: "a folder renamed", before: SITE, edit: (local) => local.move("css", "styles") },
  {
    name: "a file and a folder that changed places",
    before: SITE,
    edit(local) {
      local.remove("css");
      local.write("css", Buffer.from("a file"), "replaced");
      local.remove("note.txt");
      fill(local, { "note.txt/": "", "note.txt/in": "inside" });
    },
  },
  {
    name: "two files that changed names",
    before: SITE,
    edit(local) {
      local.move("index.html", "swap");
      local.move("note.txt", "index.html");
      local.move("swap", "note.txt");
    },
  },
  { name: "a folder removed", before: SITE, edit: (local) => local.remove("css") },
];
