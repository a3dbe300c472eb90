import { readFileSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { createSecureContext, type SecureContext, connect as secureConnect, TLSSocket } from "node:tls";
import type { Certificate } from "./certificates.ts";
import type { RealServer } from "./real.ts";
import { serverUrl, type TestServer } from "./server.ts";

/** What somebody on the way between client and server does. Default: passes all on. */
export interface Tampering {
  /** Keeps `AUTH` from the server, and answers it as a server without TLS does. */
  stripsTls?: boolean;
  /** Sent in clear behind the server's 234, in one packet with it where `isSplit` is not set. */
  injects?: string;
  /** The injected text comes in a packet of its own, before the handshake. */
  isSplit?: boolean;
  /** Takes the place of the server with this certificate on the control connection. */
  controlCertificate?: Certificate;
  /** The same on data connections. */
  dataCertificate?: Certificate;
}

export interface ManInTheMiddle {
  /** The server at the address under which the man in the middle stands. */
  readonly server: TestServer;
  /** Lines of the client that could be read, in clear or by a certificate of his own. */
  readonly heard: string[];
  /** Content of data connections that could be read. */
  readonly readBytes: number;
  /** Changes what is done from the next connection on. */
  tamper(changes: Tampering): void;
  stop(): Promise<void>;
}

/** A loopback address that no server here listens on (Linux has all of 127.0.0.0/8). */
export const MIDDLE = "127.0.0.2";

/** Data connections of a real server go through him as well; those of another are not known beforehand, and fail. */
export async function startManInTheMiddle(
  server: TestServer | RealServer,
  initial: Tampering = {},
): Promise<ManInTheMiddle> {
  const heard: string[] = [];
  const sockets = new Set<Socket>();
  const listeners: Server[] = [];
  let tampering = initial;
  let readBytes = 0;

  function keep<S extends Socket>(socket: S): S {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    return socket;
  }

  function listen(port: number, accept: (client: Socket) => void, pauseOnConnect = false): Promise<number> {
    const listener = createServer({ pauseOnConnect }, (client) => accept(keep(client)));
    listeners.push(listener);
    return new Promise((resolve, reject) => {
      listener.once("error", reject);
      listener.listen(port, MIDDLE, () => {
        const address = listener.address();
        resolve(address !== null && typeof address === "object" ? address.port : port);
      });
    });
  }

  function control(client: Socket): void {
    const { stripsTls, injects, isSplit, controlCertificate } = tampering;
    const upstream = keep(connect(server.port, server.host));
    /** From the handshake on the bytes are passed on as they are, unless both ends are his own. */
    let isDeaf = server.tls === "implicit" && !controlCertificate;
    let isPromised = false;
    let toClient: Socket = client;
    let toServer: Socket = upstream;

    const takeOver = (certificate: Certificate) => {
      for (const socket of [client, upstream]) socket.removeAllListeners("data");
      toClient = keep(new TLSSocket(client, { isServer: true, secureContext: contextOf(certificate) }));
      toServer = keep(secureConnect({ socket: upstream, rejectUnauthorized: false }));
      relay();
    };
    const relay = () => {
      toClient.on("data", fromClient);
      toServer.on("data", fromServer);
    };
    const fromClient = (bytes: Buffer) => {
      if (isDeaf) return toServer.write(bytes);
      const lines = bytes.toString("latin1").split("\r\n").filter(Boolean);
      heard.push(...lines);
      if (stripsTls && lines[0]?.startsWith("AUTH")) return toClient.write("502 Command not implemented\r\n");
      isPromised = lines[0]?.startsWith("AUTH") === true;
      return toServer.write(bytes);
    };
    const fromServer = (bytes: Buffer) => {
      if (!isPromised || !bytes.toString("latin1").startsWith("234")) return toClient.write(bytes);
      isPromised = false;
      if (injects !== undefined && !isSplit) bytes = Buffer.concat([bytes, Buffer.from(injects)]);
      if (controlCertificate) toClient.write(bytes, () => takeOver(controlCertificate));
      else {
        isDeaf = true;
        toClient.write(bytes);
      }
      if (injects !== undefined && isSplit) setImmediate(() => client.write(injects));
      return true;
    };
    client.on("close", () => upstream.destroy());
    upstream.on("close", () => client.end());
    if (server.tls === "implicit" && controlCertificate) takeOver(controlCertificate);
    else relay();
  }

  function data(client: Socket, port: number): void {
    const upstream = keep(connect(port, server.host));
    client.on("close", () => upstream.destroy());
    if (!tampering.dataCertificate) {
      client.on("data", (bytes) => upstream.write(bytes)).on("end", () => upstream.end());
      upstream.on("data", (bytes) => client.write(bytes)).on("end", () => client.end());
      client.resume();
      return;
    }
    const secured = keep(
      new TLSSocket(client, { isServer: true, secureContext: contextOf(tampering.dataCertificate) }),
    );
    secured.on("data", (bytes) => {
      readBytes += bytes.length;
    });
  }

  const port = await listen(0, control);
  const lastPort = "lastPort" in server ? server.lastPort : 0;
  for (let each = server.port + 1; each <= lastPort; each++) await listen(each, (client) => data(client, each), true);
  const address = { host: MIDDLE, port };

  return {
    server: { ...server, ...address, url: serverUrl({ ...server, ...address }) },
    heard,
    get readBytes() {
      return readBytes;
    },
    tamper(changes) {
      tampering = { ...tampering, ...changes };
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      await Promise.all(listeners.map((listener) => new Promise((resolve) => listener.close(resolve))));
    },
  };
}

function contextOf({ keyFile, certificateFile }: Certificate): SecureContext {
  return createSecureContext({ key: readFileSync(keyFile), cert: readFileSync(certificateFile) });
}
