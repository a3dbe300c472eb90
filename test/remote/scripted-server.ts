import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { ControlContext } from "../../src/remote/control.ts";
import { createPipeline, type Pipeline } from "../../src/remote/pipeline.ts";
import type { TestServer } from "../servers/server.ts";

/** A server that says what a test tells it to, and nothing by itself. It serves no files and has no data connections. */
export interface ScriptedServer extends AsyncDisposable {
  port: number;
  /** The commands that arrived, in order, whichever the session. */
  received: string[];
  /** The connection that was accepted last. */
  latest(): Socket | undefined;
}

/** @param answer what is said to a command (`""` is the moment of connecting); undefined: nothing */
export async function startScriptedServer(answer: (command: string) => string | undefined): Promise<ScriptedServer> {
  const received: string[] = [];
  const sockets = new Set<Socket>();
  let latest: Socket | undefined;
  const listener = createServer((socket) => {
    latest = socket;
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on("error", () => {});
    const say = (command: string) => {
      const text = answer(command);
      if (text !== undefined) socket.write(text);
    };
    say("");
    let held = "";
    socket.on("data", (bytes) => {
      held += bytes.toString();
      const lines = held.split("\r\n");
      held = lines.pop() ?? "";
      for (const line of lines) {
        received.push(line);
        say(line);
      }
    });
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  return {
    port: portOf(listener),
    received,
    latest: () => latest,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}

export function portOf(listener: ReturnType<typeof createServer>): number {
  const address = listener.address();
  if (address === null || typeof address === "string") throw new Error("no port was given");
  return address.port;
}

const ORDINARY: Record<string, string> = {
  "": "220 Ready",
  USER: "331 Password required",
  PASS: "230 Logged in",
  FEAT: "211-Features:\r\n SIZE\r\n MDTM\r\n MFMT\r\n MLST type*;size*;\r\n211 End",
  OPTS: "200 Set",
  TYPE: "200 Set",
  PWD: '257 "/" is current',
  DELE: "550 No such file",
  AUTH: "502 No TLS",
  QUIT: "221 Goodbye",
};

/** Answers like a server that lets everybody in; `changes` are by verb, without line ends. */
export function ftpAnswers(changes: Record<string, string | ((command: string) => string | undefined)>) {
  return (command: string): string | undefined => {
    const verb = command.split(" ", 1)[0] ?? "";
    const chosen = changes[verb] ?? ORDINARY[verb] ?? "500 Unknown command";
    const text = typeof chosen === "string" ? chosen : chosen(command);
    return text === undefined ? undefined : `${text}\r\n`;
  };
}

/** The scripted server as far as an account needs to know it. */
export function asTestServer({ port }: ScriptedServer): Omit<TestServer, "stop" | "root"> {
  const host = "127.0.0.1";
  const user = "alice";
  return {
    kind: "scripted",
    host,
    port,
    user,
    password: "secret",
    tls: "off",
    certificateFile: "",
    url: `ftp://${user}@${host}:${port}`,
  };
}

/** A pipeline and its scripted server. */
export interface Conversation extends AsyncDisposable {
  pipeline: Pipeline;
  received: string[];
  /** Sends text as it is, in one write. */
  say(text: string): void;
  /** Sends text in pieces of `chunkBytes`, each in a packet of its own. */
  sayInPieces(text: string, chunkBytes: number): Promise<void>;
  /** Ends the server's side: with FIN, or by a reset. */
  hangUp(how: "fin" | "reset"): void;
  /** What `ControlContext` transcribed. */
  transcript: string[];
}

/** @param answer what is said to a command; undefined: nothing */
export async function converse(
  answer: (command: string) => string | undefined,
  timeoutMs = 10_000,
  beforeSending = () => {},
): Promise<Conversation> {
  const server = await startScriptedServer((command) => (command === "" ? undefined : answer(command)));
  const socket = connect(server.port, "127.0.0.1");
  await once(socket, "connect");
  await until(() => server.latest() !== undefined);
  const context = new ControlContext();
  const transcript: string[] = [];
  context.socket = socket;
  context.transcribe = (line) => transcript.push(line);
  const pipeline = createPipeline(context, timeoutMs, beforeSending);
  return {
    pipeline,
    received: server.received,
    transcript,
    say: (text) => void server.latest()?.write(text),
    async sayInPieces(text, chunkBytes) {
      const bytes = Buffer.from(text);
      for (let at = 0; at < bytes.length; at += chunkBytes) {
        server.latest()?.write(bytes.subarray(at, at + chunkBytes));
        // Long enough for the packet to be read before the next one.
        await Bun.sleep(1);
      }
    },
    hangUp(how) {
      if (how === "fin") server.latest()?.end();
      else server.latest()?.resetAndDestroy();
    },
    async [Symbol.asyncDispose]() {
      pipeline.end(new Error("the test is over"));
      socket.destroy();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** Waits until `condition` holds. Throws after 10 s. */
export async function until(condition: () => boolean): Promise<void> {
  for (const start = Date.now(); !condition(); ) {
    if (Date.now() - start > 10_000) throw new Error(`never came true: ${condition}`);
    await Bun.sleep(2);
  }
}
