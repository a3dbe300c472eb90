import type { RelPath } from "../../src/detect/tree.ts";
import { isAtOrBelow, parentOf } from "../../src/detect/tree.ts";
import { formatFtpTime, parseFtpTime } from "../../src/remote/features.ts";
import type { Clock } from "./clock.ts";
import { type Change, createModelTree, type ModelTree, type RemoteFile } from "./model-tree.ts";

/** What kind of server it is. */
export interface Profile {
  /** MLSD and MLST; else LIST, SIZE and CWD have to do. */
  machineListings: boolean;
  setTime: "MFMT" | "MDTM" | "none";
  renameOverwrites: boolean;
  hidesDotFiles: boolean;
  /** Entries of a listing; the rest is left out. */
  listsAtMost: number;
  /** Whether the server says that it left some out. */
  tellsTruncation: boolean;
  /** What all files together may hold. */
  capacityBytes: number;
}

/** One change of what stands on the server. */
export interface Step {
  by: "miroir" | "others";
  /** The command, without its path. */
  verb: string;
  /** Of a rename. */
  from?: RelPath;
  path: RelPath;
  changes: Change[];
}

/** The server's side of one control connection. */
export interface Seat {
  folder: string;
  renameFrom: string | undefined;
}

/** Takes the bytes of one STOR or APPE. */
export interface Receiver {
  /** @returns false when there is no space for them */
  take(bytes: Uint8Array): boolean;
}

export interface ModelServer {
  readonly tree: ModelTree;
  readonly profile: Profile;
  /** How many steps changed it so far. */
  readonly changes: number;
  /** @returns the lines of the reply */
  execute(seat: Seat, command: string): string[];
  /** What MLSD or LIST sends, and the reply after it; a refusal has no text. */
  listing(seat: Seat, command: string): { text: string | undefined; reply: string };
  /** Begins STOR or APPE. @returns a refusal, or what takes the bytes */
  receive(command: string): string | Receiver;
  /** Other people's work. */
  others(verb: string, path: RelPath, change: (tree: ModelTree) => Change[]): void;
}

/** The remote folder that is mirrored into, seen from the login folder `/`. */
export const REMOTE_ROOT = "/www";

const NOT_THERE = "550 Not there";

export function createModelServer(profile: Profile, clock: Clock, onStep: (step: Step) => void): ModelServer {
  const tree = createModelTree();
  let changes = 0;

  /** Undefined for what stands outside of the remote folder. */
  const inside = (path: string): RelPath | undefined =>
    path === REMOTE_ROOT ? "" : path.startsWith(`${REMOTE_ROOT}/`) ? path.slice(REMOTE_ROOT.length + 1) : undefined;

  function step(verb: string, path: RelPath, changed: Change[], from?: RelPath): void {
    changes++;
    onStep({ by: "miroir", verb, path, changes: changed, ...(from !== undefined && { from }) });
  }

  function facts(path: RelPath): string {
    const entry = tree.get(path);
    if (entry?.type !== "file") return "type=dir;";
    return `type=file;size=${entry.bytes.length};modify=${formatFtpTime(entry.mtimeMs)};`;
  }

  function setTime(verb: string, argument: string): string {
    const [time = "", ...rest] = argument.split(" ");
    const path = inside(rest.join(" "));
    const entry = path === undefined ? undefined : tree.get(path);
    if (profile.setTime !== verb) return "500 Unknown";
    if (path === undefined || entry?.type !== "file") return NOT_THERE;
    entry.mtimeMs = parseFtpTime(time) ?? entry.mtimeMs;
    return "213 Set";
  }

  function rename(seat: Seat, target: string): string {
    const from = inside(seat.renameFrom ?? "");
    const to = inside(target);
    seat.renameFrom = undefined;
    if (from === undefined || to === undefined || tree.get(from) === undefined) return "503 RNFR first";
    const obstacle = tree.get(to);
    if (!tree.hasFolder(parentOf(to)) || isAtOrBelow(to, from)) return "553 Cannot be named so";
    if (obstacle?.type === "folder" || (obstacle && tree.get(from)?.type === "folder")) return "550 There is something";
    if (obstacle && !profile.renameOverwrites) return "550 The file exists";
    step("RNTO", to, tree.rename(from, to), from);
    return "250 Renamed";
  }

  function remove(verb: "DELE" | "RMD", path: RelPath | undefined): string {
    const entry = path === undefined ? undefined : tree.get(path);
    if (path === undefined || path === "" || entry?.type !== (verb === "DELE" ? "file" : "folder")) return NOT_THERE;
    if (verb === "RMD" && !tree.isEmpty(path)) return "550 The folder is not empty";
    step(verb, path, tree.remove(path));
    return "250 Removed";
  }

  function answer(seat: Seat, verb: string, argument: string): string[] {
    const path = inside(argument);
    const entry = path === undefined ? undefined : tree.get(path);
    switch (verb) {
      case "NOOP":
        return ["200 Here"];
      case "CWD":
        if (entry?.type !== "folder") return [NOT_THERE];
        seat.folder = argument;
        return ["250 There"];
      case "MLST":
        if (!profile.machineListings) return ["500 Unknown"];
        if (path === undefined || !entry) return [NOT_THERE];
        return ["250-Listing", ` ${facts(path)} ${argument}`, "250 End"];
      case "SIZE":
        return entry?.type === "file" ? [`213 ${entry.bytes.length}`] : [NOT_THERE];
      case "MDTM":
        if (/^\d{14} /.test(argument)) return [setTime(verb, argument)];
        return entry?.type === "file" ? [`213 ${formatFtpTime(entry.mtimeMs)}`] : [NOT_THERE];
      case "MFMT":
        return [setTime(verb, argument)];
      case "RNFR":
        seat.renameFrom = entry ? argument : undefined;
        return [entry ? "350 And to?" : NOT_THERE];
      case "RNTO":
        return [rename(seat, argument)];
      case "DELE":
      case "RMD":
        return [remove(verb, path)];
      case "MKD":
        if (path === undefined || entry || !tree.hasFolder(parentOf(path))) return ["550 Cannot be made"];
        step(verb, path, tree.set(path, { type: "folder", isForeign: false }));
        return [`257 "${argument}" made`];
      default:
        return ["500 Unknown"];
    }
  }

  function heldBytes(): number {
    let sum = 0;
    for (const path of tree.paths()) {
      const entry = tree.get(path);
      if (entry?.type === "file") sum += entry.bytes.length;
    }
    return sum;
  }

  return {
    tree,
    profile,
    get changes() {
      return changes;
    },
    execute(seat, command) {
      const { verb, argument } = parsed(command);
      return answer(seat, verb, argument);
    },
    listing(seat, command) {
      const { verb, argument } = parsed(command);
      if (verb === "MLSD" && !profile.machineListings) return { text: undefined, reply: "500 Unknown" };
      const folder = inside(verb === "MLSD" ? argument : seat.folder);
      if (folder === undefined || !tree.hasFolder(folder)) return { text: undefined, reply: NOT_THERE };
      const names = tree.names(folder).filter((name) => !profile.hidesDotFiles || !name.startsWith("."));
      const shown = names.slice(0, profile.listsAtMost);
      const isCut = shown.length < names.length && profile.tellsTruncation;
      const line = (name: string) => {
        const path = folder === "" ? name : `${folder}/${name}`;
        if (verb === "MLSD") return `${facts(path)} ${name}\r\n`;
        const entry = tree.get(path);
        if (entry?.type !== "file") return `drwxr-xr-x 2 u g 4096 Nov 22 08:00 ${name}\r\n`;
        return `-rw-r--r-- 1 u g ${entry.bytes.length} Nov 22 08:00 ${name}\r\n`;
      };
      return { text: shown.map(line).join(""), reply: isCut ? "226 Output truncated" : "226 Listed" };
    },
    receive(command) {
      const { verb, argument } = parsed(command);
      const path = inside(argument);
      if (path === undefined || !tree.hasFolder(parentOf(path)) || tree.get(path)?.type === "folder") {
        return "553 Cannot be stored";
      }
      const held = tree.get(path);
      const before = verb === "APPE" && held?.type === "file" ? held.bytes : new Uint8Array();
      const file: RemoteFile = { type: "file", bytes: before, mtimeMs: clock.now(), isForeign: false };
      step(verb, path, tree.set(path, file));
      let heldBefore = heldBytes();
      return {
        take(bytes) {
          heldBefore += bytes.length;
          if (heldBefore > profile.capacityBytes) return false;
          file.bytes = Buffer.concat([file.bytes, bytes]);
          if (tree.get(path) === file) step(verb, path, [{ path, before: file, after: file }]);
          return true;
        },
      };
    },
    others(verb, path, change) {
      onStep({ by: "others", verb, path, changes: change(tree) });
    },
  };
}

function parsed(command: string): { verb: string; argument: string } {
  const space = command.indexOf(" ");
  if (space < 0) return { verb: command, argument: "" };
  return { verb: command.slice(0, space), argument: command.slice(space + 1) };
}

/** Whether a path is, or is below, one of miroir's temporary names. */
export function isTemporary(path: RelPath): boolean {
  return path.startsWith(".miroir-") || path.includes("/.miroir-");
}
