import { connect, createServer, type Socket } from "node:net";
import { serverUrl, type TestServer } from "./server.ts";

/** Somebody who listens to the control connections of a server, at a port of his own. Data connections pass him by. */
export interface Overheard extends AsyncDisposable {
  /** The server by the port at which it is overheard. */
  readonly server: TestServer;
  /**
   * Of each connection what the client said before it waited for an answer, the verbs of a wait in one text:
   * `["USER", "PASS FEAT OPTS TYPE PWD", ...]`. So the length is the number of round trips, the greeting's aside.
   */
  readonly dialogues: string[][];
  /** Forgets what was heard so far. */
  forget(): void;
}

export async function overhear(server: TestServer): Promise<Overheard> {
  let dialogues: string[][] = [];
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    return socket.setNoDelay(true).on("error", () => {});
  };

  const listener = createServer((client) => {
    const upstream = keep(connect(server.port, server.host));
    const dialogue: string[] = [];
    dialogues.push(dialogue);
    let isAnswered = true;
    keep(client).on("data", (bytes) => {
      const said = verbsIn(bytes.toString());
      dialogue.push(isAnswered ? said : `${dialogue.pop()} ${said}`);
      isAnswered = false;
      upstream.write(bytes);
    });
    upstream.on("data", (bytes) => {
      isAnswered = true;
      client.write(bytes);
    });
    client.on("close", () => upstream.destroy());
    upstream.on("close", () => client.end());
  });
  await new Promise<void>((resolve, reject) => {
    listener.once("error", reject);
    listener.listen(0, server.host, resolve);
  });
  const address = listener.address();
  if (address === null || typeof address === "string") throw new Error("no port was given");
  const { port } = address;

  return {
    server: { ...server, port, url: serverUrl({ ...server, port }) },
    get dialogues() {
      return dialogues;
    },
    forget() {
      dialogues = [];
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}

function verbsIn(text: string): string {
  const verbs = text
    .split("\r\n")
    .filter(Boolean)
    .map((line) => line.split(" ", 1)[0] ?? "");
  return verbs.join(" ");
}
