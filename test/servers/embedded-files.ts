import { chmodSync, mkdirSync, renameSync, rmdirSync, type Stats, statSync, unlinkSync, utimesSync } from "node:fs";
import { basename, dirname, join, posix } from "node:path";
import type { Commands, SessionContext } from "./embedded-context.ts";
import { factsLine, formatTimestamp, parseTimestamp } from "./embedded-listing.ts";
import { Interruption, quoted } from "./embedded-replies.ts";
import { isThere, type Place, realOf } from "./embedded-tree.ts";
import { contentOf } from "./embedded-visitor.ts";

const whole = (argument: string): string => argument;
const afterFirstWord = (argument: string): string => argument.slice(argument.indexOf(" ") + 1);

/** Commands on files and folders that need no data connection. */
export const FILE_COMMANDS: Commands = {
  PWD: { run: (session) => `257 ${quoted(session.folder)} is the current directory` },
  CWD: { path: whole, run: enter },
  CDUP: { run: (session) => enter(session, "..") },
  MKD: {
    path: whole,
    run(session, argument) {
      const place = located(session, argument, "MKD");
      mkdirSync(realOf(place));
      return `257 ${quoted(place.virtual)} created`;
    },
  },
  RMD: {
    path: whole,
    run(session, argument) {
      const place = located(session, argument, "RMD");
      if (place.relative === "") return "550 Permission denied";
      rmdirSync(realOf(place));
      return "250 Directory removed";
    },
  },
  DELE: {
    path: whole,
    run(session, argument) {
      const place = located(session, argument, "DELE");
      if (isThere(realOf(place)) && folderAt(place)) return "550 Is a directory";
      unlinkSync(realOf(place));
      session.server.visitor.deleted(place.relative);
      return "250 File deleted";
    },
  },
  RNFR: {
    path: whole,
    run(session, argument) {
      const place = located(session, argument, "RNFR");
      if (!isThere(realOf(place)) || place.relative === "") return "550 No such file or directory";
      session.renameFrom = place;
      return "350 Ready for RNTO";
    },
  },
  RNTO: { path: whole, run: rename },
  SIZE: {
    path: whole,
    feature: "size",
    run(session, argument) {
      if (session.type === "A") return "550 SIZE not allowed in ASCII mode";
      return `213 ${fileAt(located(session, argument, "SIZE")).size}`;
    },
  },
  MDTM: {
    path: (argument) => (/^\d{14} /.test(argument) ? afterFirstWord(argument) : argument),
    feature: "mdtm",
    run(session, argument) {
      if (session.server.features.mdtmSet && /^\d{14} /.test(argument)) {
        stamp(located(session, afterFirstWord(argument), "MDTM"), argument.slice(0, 14));
        return "213 File modification time set";
      }
      return `213 ${formatTimestamp(fileAt(located(session, argument, "MDTM")).mtimeMs)}`;
    },
  },
  MFMT: {
    path: afterFirstWord,
    feature: "mfmt",
    run(session, argument) {
      const place = located(session, afterFirstWord(argument), "MFMT");
      const set = stamp(place, argument.slice(0, argument.indexOf(" ")));
      return `213 Modify=${set}; ${place.virtual}`;
    },
  },
  MLST: {
    path: whole,
    feature: "mlst",
    run(session, argument) {
      const place = located(session, argument, "MLST");
      const line = factsLine({ name: place.virtual, stats: statSync(realOf(place)) }, session.facts);
      return `250-Listing\r\n ${line}\r\n250 End`;
    },
  },
  XSHA1: {
    path: whole,
    feature: "xsha1",
    run(session, argument) {
      const place = located(session, argument.replace(/^"(.*)"$/, "$1"), "XSHA1");
      fileAt(place);
      return `250 ${contentOf(realOf(place)).sha1.toUpperCase()}`;
    },
  },
  "SITE CHMOD": {
    path: afterFirstWord,
    feature: "siteChmod",
    run(session, argument) {
      const mode = /^([0-7]{3,4}) ./.exec(argument)?.[1];
      if (mode === undefined) return "501 SITE CHMOD needs a mode and a name";
      chmodSync(realOf(located(session, afterFirstWord(argument), "SITE CHMOD")), Number.parseInt(mode, 8));
      return "200 Mode changed";
    },
  },
  "SITE UTIME": {
    path: (argument) => utimeParts(argument).path,
    feature: "siteUtime",
    run(session, argument) {
      const { path, time } = utimeParts(argument);
      stamp(located(session, path, "SITE UTIME"), time);
      return "200 Time changed";
    },
  },
};

export function located(session: SessionContext, argument: string, command: string): Place {
  if (argument === "") throw new Interruption(`501 ${command} needs a name`);
  return session.server.tree.locate(session.folder, argument, command);
}

export function folderAt(place: Place): boolean {
  return place.real === undefined || statSync(place.real).isDirectory();
}

/** Throws Interruption 550 for what is no plain file. */
function fileAt(place: Place): Stats {
  const stats = statSync(realOf(place));
  if (!stats.isFile()) throw new Interruption("550 Not a plain file");
  return stats;
}

function enter(session: SessionContext, argument: string): string {
  const place = located(session, argument, "CWD");
  if (!folderAt(place)) return "550 Not a directory";
  session.folder = place.virtual;
  return `250 Directory is ${quoted(place.virtual)}`;
}

function rename(session: SessionContext, argument: string): string {
  const from = session.renameFrom;
  session.renameFrom = undefined;
  if (!from) return "503 RNFR first";
  const to = located(session, argument, "RNTO");
  const source = realOf(from);
  const wanted = realOf(to);
  // On a server that ignores case, a name that differs from its own file in case only is still a new name.
  const target = wanted === source ? join(dirname(wanted), posix.basename(to.virtual)) : wanted;
  const isFolder = folderAt(from);
  const wasThere = target !== source && wanted !== source && isThere(target);
  if (wasThere && !session.server.features.renameOverwrite) return `553 ${basename(target)} exists already`;
  renameSync(source, target);
  session.server.visitor.renamed(from.relative, to.relative, target, { isFolder, wasThere });
  return "250 Renamed";
}

function stamp(place: Place, timestamp: string): string {
  const ms = parseTimestamp(timestamp);
  if (ms === undefined) throw new Interruption("501 Not a time");
  utimesSync(realOf(place), ms / 1000, ms / 1000);
  return formatTimestamp(ms);
}

/** Both forms in use: `time path`, and `path atime mtime ctime UTC`. */
function utimeParts(argument: string): { path: string; time: string } {
  const long = /^(.+) \d{12,14} (\d{12,14}) \d{12,14} UTC$/i.exec(argument);
  if (long) return { path: long[1] ?? "", time: long[2] ?? "" };
  return { path: afterFirstWord(argument), time: argument.split(" ")[0] ?? "" };
}
