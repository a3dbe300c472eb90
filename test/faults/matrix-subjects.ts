import type { Fault, FaultMatch, Features } from "../servers/embedded.ts";
import { REMOTE_FOLDER } from "./world.ts";

/** A moment of a run that something can go wrong at. */
export interface Subject {
  name: string;
  /** `first`: the first run, onto a site that holds part of the files. `update`: a run after changes of every kind. */
  scene: "first" | "update";
  match: FaultMatch;
  /** What else the server does, so that the moment comes. */
  given?: Fault[];
  features?: Partial<Features>;
  /** The server renames over nothing: replaced files are gone for a moment. */
  gaps?: true;
  /** Run with `--in-place`. */
  inPlace?: true;
}

const POOR: Partial<Features> = { mlsd: false, mlst: false, mfmt: false, epsv: false, feat: false, utf8: false };
const BLIND: Partial<Features> = { ...POOR, size: false, mdtm: false };

const at = (path: string) => `${REMOTE_FOLDER}/${path}`;
const TEMPORARY = /\.miroir-/;

const update = (command: string, path: FaultMatch["path"], name = `${command} ${path}`): Subject => ({
  name,
  scene: "update",
  match: { command, ...(path !== undefined && { path }) },
});
const first = (command: string, path?: string, features: Partial<Features> = {}): Subject => ({
  name: `${command} ${path ?? ""} in a first run`,
  scene: "first",
  match: { command, ...(path !== undefined && { path }) },
  features,
});

const lost = (command: string, path: string, when: "before" | "after", occurrence = 1): Fault => ({
  command,
  path: at(path),
  drop: "control",
  when,
  occurrence,
});

function after(given: Fault, subject: Subject): Subject {
  return { ...subject, name: `${subject.name} after a lost or refused ${given.command}`, given: [given] };
}

function withoutRenamingOver(command: string, path: FaultMatch["path"], occurrence = 1): Subject {
  return {
    name: `${command} ${path}, time ${occurrence}, on a server that renames over nothing`,
    scene: "update",
    match: { command, occurrence, ...(path !== undefined && { path }) },
    features: { renameOverwrite: false },
    gaps: true,
  };
}

function inPlace(command: string): Subject {
  return { ...update(command, at("big.bin"), `${command} in place`), inPlace: true };
}

const session = ["GREETING", "USER", "PASS", "AUTH", "FEAT", "OPTS", "TYPE", "PWD"];

export const SUBJECTS: Subject[] = [
  ...session.map((command) => update(command, undefined, command)),
  ...["USER", "TYPE", "PWD"].map(
    (command): Subject => ({
      name: `${command} of the second session`,
      scene: "update",
      match: { command, occurrence: 2 },
    }),
  ),
  update("MLST", REMOTE_FOLDER),
  update("MKD", at("new-folder")),
  update("MKD", at("file-to-folder")),
  update("EPSV", undefined, "EPSV"),
  { ...update("PASV", undefined, "PASV"), features: { epsv: false } },
  update("STOR", undefined, "STOR"),
  update("STOR", /^www\/new-folder\//),
  ...["STOR", "SIZE", "MFMT"].map(inPlace),
  update("SIZE", TEMPORARY),
  update("MFMT", TEMPORARY),
  update("MFMT", at("touched.txt")),
  update("RNFR", TEMPORARY),
  update("RNTO", at("modified.txt")),
  update("RNTO", at("new.txt")),
  update("RNTO", at("folder-to-file")),
  update("RNFR", at("old name.txt")),
  update("RNTO", at("new name.txt")),
  update("RNFR", at("moved")),
  update("RNTO", at("moved-here")),
  update("DELE", at("deleted.txt")),
  update("DELE", at("file-to-folder")),
  update("DELE", at("folder-to-file/x.txt")),
  update("RMD", at("gone")),
  update("RMD", at("folder-to-file")),
  after({ command: "STOR", reply: 452 }, update("DELE", TEMPORARY)),
  after(lost("RNTO", "modified.txt", "before"), update("DELE", TEMPORARY)),
  after(lost("RNTO", "modified.txt", "after"), update("SIZE", at("modified.txt"))),
  after(lost("RNTO", "moved-here", "after"), update("RNFR", at("moved"))),
  after(lost("MKD", "new-folder", "after"), update("MLST", at("new-folder"))),
  after(lost("RMD", "gone", "after"), update("MLST", at("gone"))),
  after({ command: "RMD", path: at("gone"), reply: 550 }, update("MLSD", at("gone"))),
  withoutRenamingOver("RNTO", at("modified.txt"), 2),
  withoutRenamingOver("RNFR", at("modified.txt")),
  withoutRenamingOver("RNTO", TEMPORARY),
  withoutRenamingOver("RNFR", TEMPORARY, 3),
  withoutRenamingOver("DELE", TEMPORARY),
  after(lost("RNTO", "modified.txt", "before", 2), withoutRenamingOver("DELE", TEMPORARY)),
  after(lost("RNTO", "modified.txt", "before", 2), withoutRenamingOver("MLST", TEMPORARY)),
  first("MLST", REMOTE_FOLDER),
  first("MLSD", REMOTE_FOLDER),
  first("MLSD", at("moved")),
  first("LIST", undefined, POOR),
  first("CWD", undefined, POOR),
  first("MDTM", undefined, POOR),
  { ...update("LIST", undefined, "LIST of a blind server"), features: BLIND },
  { ...update("SIZE", TEMPORARY, "SIZE of a poor server"), features: POOR },
];
