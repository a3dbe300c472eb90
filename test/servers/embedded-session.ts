import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { COMMANDS } from "./embedded-commands.ts";
import type { Answer, ServerContext, SessionContext } from "./embedded-context.ts";
import type { Misbehaviour, Step } from "./embedded-faults.ts";
import { FACTS } from "./embedded-listing.ts";
import { createOutbox } from "./embedded-outbox.ts";
import { pause } from "./embedded-pause.ts";
import { Interruption, replyToError } from "./embedded-replies.ts";

export interface Session {
  destroy(): void;
  /** Ends its data connection in a TCP reset, whether it is used or waits. */
  resetData(): void;
}

/** One control connection. Its commands are carried out strictly one after another; `ended` is called once. */
export function openSession(server: ServerContext, accepted: Socket, id: number, ended: () => void): Session {
  const { options } = server;
  const gone = new AbortController();
  let socket = accepted;
  let received = Buffer.alloc(0);
  let lines: string[] = [];
  let isBusy = false;
  let idleTimer: ReturnType<typeof setTimeout> | undefined;
  const outbox = createOutbox({
    socket: () => socket,
    latencyMs: options.latencyMs ?? 0,
    chunkBytes: options.replyChunkBytes ?? Number.POSITIVE_INFINITY,
    signal: gone.signal,
  });

  const session: SessionContext = {
    server,
    folder: server.tree.loginFolder,
    user: undefined,
    isLoggedIn: false,
    isSecure: false,
    type: "A",
    renameFrom: undefined,
    restartAtBytes: 0,
    protectData: options.tls === "implicit",
    facts: new Set(FACTS),
    data: undefined,
    afterReply: undefined,
    say: (reply) => outbox.send(`${reply}\r\n`),
    suffer,
  };

  function destroy(): void {
    if (gone.signal.aborted) return;
    gone.abort();
    clearTimeout(idleTimer);
    session.data?.close();
    socket.destroy();
    accepted.destroy();
    ended();
  }

  async function end(): Promise<void> {
    await outbox.flush();
    socket.end();
    await pause(CLOSE_PATIENCE_MS, gone.signal);
    destroy();
  }

  function listenTo(stream: Socket): void {
    socket = stream;
    stream.setNoDelay(true);
    stream.on("data", receive);
    stream.on("error", destroy);
    stream.on("close", destroy);
  }

  /** Whatever was said before the handshake is forgotten: it may not be the client's (RFC 4217 section 15). */
  function secure(): void {
    accepted.off("data", receive);
    received = Buffer.alloc(0);
    lines = [];
    if (!server.secureContext) throw new Error("Cannot start TLS: the server has no certificate");
    listenTo(new TLSSocket(accepted, { isServer: true, secureContext: server.secureContext }));
    session.isSecure = true;
  }

  function receive(bytes: Buffer): void {
    received = Buffer.concat([received, bytes]);
    for (let cut = received.indexOf(10); cut >= 0; cut = received.indexOf(10)) {
      lines.push(received.subarray(0, cut).toString().replace(/\r$/, ""));
      received = received.subarray(cut + 1);
    }
    if (received.length > LONGEST_LINE_BYTES) destroy();
    else void work();
  }

  async function work(): Promise<void> {
    if (isBusy) return;
    isBusy = true;
    clearTimeout(idleTimer);
    for (let line = lines.shift(); line !== undefined && !gone.signal.aborted; line = lines.shift()) await obey(line);
    isBusy = false;
    if (options.idleTimeoutMs !== undefined && !gone.signal.aborted) {
      idleTimer = setTimeout(() => {
        session.say("421 Timeout");
        void end();
      }, options.idleTimeoutMs);
    }
  }

  async function obey(line: string): Promise<void> {
    const [, verb = "", argument = ""] = /^((?:SITE )?[^ ]*) ?(.*)$/is.exec(line) ?? [];
    const name = verb.toUpperCase();
    const masked = name === "PASS" ? "PASS ***" : line;
    server.commands.push({ session: id, text: masked, atMs: server.now() });
    const command = COMMANDS[name];
    const misbehaviour = server.faults.take({ verb: name, line, path: pathOf(name, argument) });
    await perform(misbehaviour, () => {
      if (!command) return "500 Unknown command";
      if (!session.isLoggedIn && !command.isFreeOfLogin) return "530 Please login with USER and PASS";
      if (command.feature && !server.features[command.feature]) return "500 Unknown command";
      return command.run(session, argument, misbehaviour);
    });
  }

  /** Relative to the login folder, for faults; undefined where the command names nothing. */
  function pathOf(name: string, argument: string): string | undefined {
    const path = COMMANDS[name]?.path?.(argument);
    if (!path) return undefined;
    try {
      return server.tree.locate(session.folder, path, name).relative;
    } catch {
      return undefined;
    }
  }

  async function perform(misbehaviour: Misbehaviour, run: () => Answer | Promise<Answer>): Promise<void> {
    const outlives = misbehaviour.before.some((step) => step.op === "stall" && step.outlives);
    let answer: Answer;
    try {
      await suffer(misbehaviour.before);
      if (gone.signal.aborted && !outlives) return;
      answer = await run();
      await suffer(misbehaviour.after);
    } catch (error) {
      answer = replyToError(error);
    }
    await conclude(answer, misbehaviour);
  }

  async function conclude(answer: Answer, misbehaviour: Misbehaviour): Promise<void> {
    await pause(misbehaviour.delayReplyMs, gone.signal);
    for (const line of misbehaviour.unsolicitedBefore) session.say(line);
    if (misbehaviour.withholdReply) {
      // The line that is owed never comes.
    } else if (misbehaviour.rawReply !== undefined) {
      outbox.send(misbehaviour.rawReply);
    } else if (answer !== undefined) {
      session.say(answer);
    }
    for (const line of misbehaviour.unsolicitedAfter) session.say(line);
    if (session.afterReply === "end" || answer?.startsWith("421")) {
      await end();
    } else if (session.afterReply === "upgrade") {
      session.afterReply = undefined;
      await outbox.flush();
      if (answer?.startsWith("234")) secure();
    }
  }

  async function suffer(steps: Step[]): Promise<void> {
    let isReset = false;
    for (const step of steps) {
      switch (step.op) {
        case "stall":
          await pause(step.ms, step.outlives ? server.signal : gone.signal);
          break;
        case "drop":
          session.data?.close();
          if (step.what === "data") throw new Interruption(ABORTED);
          destroy();
          throw new Interruption(undefined);
        case "reset":
          await session.data?.connected(RESET_PATIENCE_MS).catch(() => {});
          session.data?.close("reset");
          isReset = true;
          break;
        case "reply":
          throw new Interruption(step.text);
        default:
          step satisfies never;
      }
    }
    if (isReset) throw new Interruption(ABORTED);
  }

  async function greet(): Promise<void> {
    const tooMany = options.maxSessionsReply ?? "421 Too many connections";
    const isRefused = tooMany.startsWith("421") && server.sessionsOpen() > (options.maxSessions ?? Infinity);
    isBusy = true;
    await perform(server.faults.take({ verb: "GREETING", line: "GREETING", path: undefined }), () =>
      isRefused ? tooMany : "220 Ready",
    );
    isBusy = false;
    await work();
  }

  if (options.tls === "implicit") secure();
  else listenTo(accepted);
  void greet();
  return { destroy, resetData: () => session.data?.close("reset") };
}

const ABORTED = "426 Connection closed; transfer aborted";
const CLOSE_PATIENCE_MS = 500;
const LONGEST_LINE_BYTES = 16_384;
const RESET_PATIENCE_MS = 1000;
