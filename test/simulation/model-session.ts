import { streamConnection } from "../../src/remote/connection.ts";
import { type Command, type Pipeline, type Reply, SessionEnded } from "../../src/remote/pipeline.ts";
import type { Session } from "../../src/remote/session.ts";
import { SiteError } from "../../src/remote/site.ts";
import { openDataPort } from "./data-port.ts";
import type { Late } from "./late.ts";
import type { ModelServer, Seat } from "./model-server.ts";
import type { Process } from "./process.ts";
import type { Random } from "./random.ts";
import { startTransfer } from "./transfer.ts";
import type { Weather } from "./weather.ts";

/** What a session of a process runs into. */
export interface Surroundings {
  server: ModelServer;
  weather: Weather;
  process: Process;
  late: Late;
  random: Random;
  /** Told of each command, with its reply; without one when nobody will ever know. */
  hears(command: string, reply: Reply | undefined): void;
  /** Told before anything is sent; what it throws keeps that from being sent. */
  beforeSending(): void;
  /** The world has a turn: called before anything reaches the server. */
  turn(): void;
  tell(line: string): void;
}

/** The session as transfers see it. */
export interface Connection {
  seat: Seat;
  data: ReturnType<typeof openDataPort> | undefined;
  /** The client learns nothing any more. */
  end(error: Error): void;
}

export const replyOf = (lines: readonly string[]): Reply => {
  const text = lines.at(-1) ?? "";
  return { code: Number(text.slice(0, 3)), lines: [...lines], text };
};

/** A logged-in session with a server in memory: commands are carried out as they are written. */
export function openModelSession(surroundings: Surroundings): Session {
  const { server, weather, process, late, random, turn, tell } = surroundings;
  const seat: Seat = { folder: "/", renameFrom: undefined };
  const failing = new Set<(error: Error) => void>();
  let ended: Error | undefined;
  let ports = 0;

  function end(error: Error): void {
    if (ended) return;
    ended = error;
    for (const fail of failing) fail(error);
    connection.data?.socket.destroy();
  }

  const connection: Connection = { seat, data: undefined, end };

  function openPort(verb: string): string[] {
    connection.data = openDataPort(++ports, weather.dataPort());
    if (verb === "EPSV") return [`229 Entering (|||${ports}|)`];
    return [`227 Entering (127,0,0,1,${Math.floor(ports / 256)},${ports % 256})`];
  }

  /** What was written already may be carried out although nobody waits for it. */
  function leaveBehind(commands: readonly Command[], after: number): void {
    late.add(
      seat,
      commands.map(({ text }) => text),
      after,
    );
  }

  /** @returns the reply; undefined when the client learns nothing any more */
  function carryOut(command: Command, rest: readonly Command[]): Reply | undefined {
    const reply = answerTo(command, rest);
    for (const { text } of reply ? [command] : [command, ...rest]) surroundings.hears(text, reply);
    return reply;
  }

  function answerTo(command: Command, rest: readonly Command[]): Reply | undefined {
    const { text } = command;
    turn();
    const fate = weather.command(text);
    if (fate.kind === "lost" || fate.kind === "late" || (fate.kind === "refused" && fate.reply.startsWith("421"))) {
      tell(`  ${text}: ${fate.kind === "refused" ? fate.reply : fate.kind}`);
      if (fate.kind === "late") leaveBehind([command, ...rest], fate.after);
      end(connectionLost(text, fate.kind === "late"));
      return undefined;
    }
    const done = process.attempt(text, () => {
      if (fate.kind === "refused") return [fate.reply];
      return text === "EPSV" || text === "PASV" ? openPort(text) : server.execute(seat, text);
    });
    if (!done) {
      if (random.chance(0.5)) leaveBehind(rest, random.below(3));
      return undefined;
    }
    const reply = replyOf(done.result);
    tell(`  ${text}: ${reply.text}${fate.kind === "unanswered" ? " (unanswered)" : ""}`);
    if (fate.kind === "unanswered") {
      if (random.chance(0.5)) leaveBehind(rest, random.below(3));
      end(connectionLost(text, true));
      return undefined;
    }
    if (reply.code < 400 && !command.expects.includes(reply.code)) throw new Error(`${text} expects no ${reply.code}`);
    return reply;
  }

  const pipeline: Pipeline = {
    exchange(commands) {
      return new Promise((resolve, reject) => {
        if (process.isDead) return;
        if (ended) return reject(new SessionEnded(ended));
        surroundings.beforeSending();
        const answered: Reply[] = [];
        for (const [index, command] of commands.entries()) {
          const reply = carryOut(command, commands.slice(index + 1));
          if (process.isDead) return;
          if (!reply) return reject(new SessionEnded(ended ?? new Error("ended"), answered));
          answered.push(reply);
        }
        resolve(answered);
      });
    },
    transfer(command) {
      const started = Promise.withResolvers<Reply>();
      const finished = Promise.withResolvers<Reply>();
      started.promise.catch(() => {});
      finished.promise.catch(() => {});
      const fail = (error: Error) => {
        started.reject(new SessionEnded(error));
        finished.reject(new SessionEnded(error));
      };
      failing.add(fail);
      if (ended) fail(ended);
      else if (!process.isDead) {
        surroundings.beforeSending();
        startTransfer(command.text, connection, surroundings, {
          starts: (lines) => started.resolve(replyOf(lines)),
          ends(lines) {
            failing.delete(fail);
            started.resolve(replyOf(lines));
            finished.resolve(replyOf(lines));
          },
        });
      }
      return { started: started.promise, finished: finished.promise, awaitVerdict() {} };
    },
    together(send) {
      surroundings.beforeSending();
      return send();
    },
    end,
    get ended() {
      return ended;
    },
  };

  const session: Session = {
    pipeline,
    capabilities: {
      mlsd: server.profile.machineListings,
      mlst: server.profile.machineListings,
      size: true,
      mdtm: true,
      setTime: server.profile.setTime === "MFMT" ? "MFMT" : "MDTM",
      utf8: true,
      digests: [],
      epsv: true,
      listsAtOnce: true,
      storesAhead: "no",
      holdsData: true,
      takesEarly: "perhaps",
      renameOverwrites: true,
    },
    encrypted: false,
    isPasswordWanted: true,
    loginFolder: "/",
    async dialData(port) {
      const { data } = connection;
      if (data?.port !== port || !data.isOpen) throw new Error("Cannot connect: nothing listens there");
      return {
        get isFresh() {
          return !data.socket.destroyed;
        },
        open: async () => streamConnection(data.socket, 30_000),
        destroy: () => data.socket.destroy(),
      };
    },
    unansweredPort: () => undefined,
    ready: undefined,
    close() {
      session.ready?.drop();
      end(new Error("The session was closed"));
    },
  };
  return session;
}

export function connectionLost(command: string, isTimeout: boolean): SiteError {
  const verb = command.split(" ", 1)[0];
  return isTimeout
    ? new SiteError(`No answer to ${verb} in 30 s`, { kind: "unknown", reason: "timeout" })
    : new SiteError(`The connection was lost at ${verb}`, { kind: "unknown", reason: "connection" });
}
