import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { Client } from "basic-ftp";
import { certificate } from "./certificates.ts";
import { type EmbeddedServer, type EmbeddedServerOptions, startEmbeddedServer } from "./embedded.ts";

/** What `cleanUp` undoes, last first. */
export const cleanups: (() => void | Promise<void>)[] = [];

/** For `afterEach`: stops what `start` and `login` began. */
export async function cleanUp(): Promise<void> {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
}

export async function start(options: EmbeddedServerOptions = {}): Promise<EmbeddedServer> {
  const server = await startEmbeddedServer({ certificate: certificate({ names: ["127.0.0.1", "::1"] }), ...options });
  cleanups.push(server.stop);
  return server;
}

export async function login(server: EmbeddedServer, timeoutMs = 2000): Promise<Client> {
  const client = new Client(timeoutMs);
  cleanups.push(() => client.close());
  await client.access({
    host: server.host,
    port: server.port,
    user: server.user,
    password: server.password,
    secure: server.tls === "implicit" ? "implicit" : server.tls === "explicit",
    ...(server.tls === "off" ? {} : { secureOptions: { ca: readFileSync(server.certificateFile) } }),
  });
  return client;
}

/** Sends `bytes` as they are, `QUIT` after them, and gives back every line the server said. */
export async function talk(
  server: EmbeddedServer,
  bytes: string,
  pieceBytes = Number.POSITIVE_INFINITY,
): Promise<string[]> {
  const socket = connect(server.port, server.host);
  let said = "";
  socket.on("data", (chunk) => {
    said += chunk;
  });
  await once(socket, "connect");
  socket.setNoDelay(true);
  const all = `${bytes}QUIT\r\n`;
  for (let at = 0; at < all.length; at += pieceBytes) {
    socket.write(all.slice(at, at + pieceBytes));
    if (pieceBytes < all.length) await Bun.sleep(0);
  }
  await once(socket, "close");
  return said.split("\r\n").slice(0, -1);
}

export const LOGIN = "USER alice\r\nPASS secret\r\nTYPE I\r\n";

/** The codes answered to `commands` after the login. */
export async function codesOf(server: EmbeddedServer, commands: string): Promise<string> {
  const lines = await talk(server, LOGIN + commands);
  return lines
    .slice(4, -1)
    .map((line) => line.slice(0, 3))
    .join(" ");
}

export async function put(client: Client, name: string, content: string): Promise<void> {
  await client.uploadFrom(Readable.from([Buffer.from(content)]), name);
}

export async function get(client: Client, name: string): Promise<string> {
  const chunks: Buffer[] = [];
  const into = new Writable({
    write(chunk, _, done) {
      chunks.push(chunk);
      done();
    },
  });
  await client.downloadTo(into, name);
  return Buffer.concat(chunks).toString();
}

export const onDisk = (server: EmbeddedServer, name: string): string => readFileSync(join(server.root, name), "utf8");
