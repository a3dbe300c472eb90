import { createReadStream, statSync } from "node:fs";
import type { Socket } from "node:net";
import { basename, posix } from "node:path";
import type { Answer, Command, Commands, SessionContext, Transfer } from "./embedded-context.ts";
import type { Misbehaviour } from "./embedded-faults.ts";
import { folderAt, located } from "./embedded-files.ts";
import { dosLine, entriesOf, factsLine, type ListedEntry, unixLine } from "./embedded-listing.ts";
import { Interruption, replyToError } from "./embedded-replies.ts";
import { receive } from "./embedded-store.ts";
import { sendAll, withSteps } from "./embedded-stream.ts";
import { isThere, type Place, realOf } from "./embedded-tree.ts";

/** Commands that move bytes over a data connection. */
export const TRANSFER_COMMANDS: Commands = {
  STOR: storing("STOR"),
  APPE: { ...storing("APPE"), feature: "appe" },
  RETR: {
    path: (argument) => argument,
    run(session, argument, misbehaviour) {
      const real = realOf(located(session, argument, "RETR"));
      if (!statSync(real).isFile()) return "550 Not a plain file";
      const start = takeRestart(session);
      return overData(session, misbehaviour, "226 Transfer complete", (socket) => {
        const file = createReadStream(real, { start });
        // Where a fault ends the transfer first, nobody reads it, and its folder may be gone when it is opened.
        file.on("error", () => {});
        return sendAll(socket, withSteps(file, misbehaviour.during, session.suffer));
      });
    },
  },
  MLSD: {
    path: (argument) => argument || ".",
    feature: "mlsd",
    run(session, argument, misbehaviour) {
      const place = located(session, argument || ".", "MLSD");
      if (!folderAt(place)) return "501 Not a directory";
      const self = { name: ".", stats: statSync(place.real ?? session.server.root) };
      const entries = entriesAt(session, place, false).map((entry) => factsLine(entry, session.facts));
      return sendListing(session, misbehaviour, entries, [
        factsLine(self, session.facts, "cdir"),
        factsLine({ ...self, name: ".." }, session.facts, "pdir"),
      ]);
    },
  },
  LIST: listing("LIST", (entry, { server }) =>
    server.options.listFormat === "dos" ? dosLine(entry) : unixLine(entry, server.now()),
  ),
  NLST: listing("NLST", (entry) => entry.name),
};

function storing(command: Transfer["command"]): Command {
  return {
    path: (argument) => argument,
    run(session, argument, misbehaviour) {
      const place = located(session, argument, command);
      const startBytes = takeRestart(session);
      if (isThere(realOf(place))) {
        if (folderAt(place)) return "550 Is a directory";
        const isOverwrite = command === "STOR" && startBytes === 0;
        if (isOverwrite && !session.server.features.storOverwrite) return "553 File exists already";
      } else {
        statSync(posix.dirname(realOf(place)));
      }
      return overData(session, misbehaviour, "226 Transfer complete", (socket) =>
        receive(session, place, socket, { command, startBytes, misbehaviour }),
      );
    },
  };
}

function listing(command: "LIST" | "NLST", line: (entry: ListedEntry, session: SessionContext) => string): Command {
  const pathIn = (argument: string): string => argument.replace(FLAGS, "") || ".";
  return {
    path: pathIn,
    run(session, argument, misbehaviour) {
      const place = located(session, pathIn(argument), command);
      if (session.server.options.missingListsEmpty && place.real !== undefined && !isThere(place.real)) {
        return sendListing(session, misbehaviour, []);
      }
      const withDotFiles = FLAGS.exec(argument)?.[1]?.includes("a") ?? false;
      const entries = folderAt(place)
        ? entriesAt(session, place, withDotFiles)
        : [{ name: basename(realOf(place)), stats: statSync(realOf(place)) }];
      return sendListing(
        session,
        misbehaviour,
        entries.map((entry) => line(entry, session)),
      );
    },
  };
}

const FLAGS = /^-([a-zA-Z]+)(?: |$)/;

function entriesAt({ server }: SessionContext, place: Place, withDotFiles: boolean): ListedEntry[] {
  if (place.real === undefined) return [{ name: place.child ?? "", stats: statSync(server.root) }];
  return entriesOf(place.real, withDotFiles || !server.options.hideDotFiles);
}

function sendListing(
  session: SessionContext,
  misbehaviour: Misbehaviour,
  lines: string[],
  head: string[] = [],
): Promise<Answer> {
  const limit = session.server.options.listingLimit ?? Number.POSITIVE_INFINITY;
  const done = lines.length > limit ? `226-Listed\r\n226 Output truncated to ${limit} matches` : "226 Directory sent";
  const sent = [...head, ...lines.slice(0, limit)];
  const text = Buffer.from(sent.map((line) => `${line}\r\n`).join(""));
  async function* source(): AsyncGenerator<Buffer> {
    yield text;
  }
  return overData(session, misbehaviour, done, (socket) =>
    sendAll(socket, withSteps(source(), misbehaviour.during, session.suffer)),
  );
}

function takeRestart(session: SessionContext): number {
  const startBytes = session.restartAtBytes;
  session.restartAtBytes = 0;
  return startBytes;
}

/** Throws away what is there, and what comes in the time that a file takes to be opened. */
async function loseEarlyBytes(socket: Socket): Promise<void> {
  const drop = () => {};
  socket.on("data", drop).resume();
  await new Promise((resolve) => setTimeout(resolve, EARLY_MS));
  socket.pause().off("data", drop);
}

const EARLY_MS = 50;

/** Runs `move` between the 150 and `done`, and closes the data connection however it ends. */
async function overData(
  session: SessionContext,
  misbehaviour: Misbehaviour,
  done: string,
  move: (socket: Socket) => Promise<void>,
): Promise<Answer> {
  const channel = session.data;
  const { options, secureContext } = session.server;
  if (!channel) return "425 Use EPSV or PASV first";
  let answer: Answer = done;
  try {
    const plain = await channel.connected(options.dataTimeoutMs ?? 10_000);
    if (options.losesEarlyBytes) await loseEarlyBytes(plain);
    session.say("150 Ready for data");
    const socket =
      session.protectData && secureContext
        ? await channel.secure(secureContext, options.requireTlsReuse ?? false)
        : plain;
    if (misbehaviour.early) session.say(done);
    await move(socket);
  } catch (error) {
    answer = replyToError(error);
    if (error instanceof Interruption && answer === undefined) throw error;
  } finally {
    channel.close();
    if (session.data === channel) session.data = undefined;
  }
  return misbehaviour.early ? undefined : answer;
}
