import { createServer, type Socket } from "node:net";
import { type SecureContext, TLSSocket } from "node:tls";
import { Interruption } from "./embedded-replies.ts";

/** A passive port that takes one data connection. */
export interface DataChannel {
  readonly port: number;
  /** The connection itself, before any TLS. Throws Interruption 425 when nobody comes. */
  connected(timeoutMs: number): Promise<Socket>;
  /** The server's side of TLS on it. Throws Interruption 522 when that fails, or resumes no session although it must. */
  secure(context: SecureContext, requireReuse: boolean): Promise<Socket>;
  /** Ends listener and connection, with a TCP reset where `reset` is given. */
  close(how?: "reset"): void;
}

export async function openDataChannel(host: string): Promise<DataChannel> {
  let arrived: Socket | undefined;
  let secured: TLSSocket | undefined;
  let isClosed = false;
  let wake = (): void => {};
  // Paused, for the bytes of a TLS handshake must not be read before the socket is wrapped.
  const listener = createServer({ pauseOnConnect: true }, (socket) => {
    listener.close();
    socket.on("error", () => {});
    arrived = socket;
    wake();
  });
  await new Promise<void>((resolve, reject) => {
    listener.once("error", reject);
    listener.listen(0, host, resolve);
  });
  const address = listener.address();
  if (address === null || typeof address === "string") throw new Error(`Cannot listen on "${host}": no port was given`);

  return {
    port: address.port,
    async connected(timeoutMs) {
      if (!arrived && !isClosed) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, timeoutMs);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      if (!arrived || isClosed) {
        listener.close();
        throw new Interruption("425 Can't open data connection");
      }
      return arrived;
    },
    async secure(context, requireReuse) {
      if (!arrived || isClosed) throw new Interruption("425 Can't open data connection");
      const plain = arrived;
      const wrapped = new TLSSocket(plain, { isServer: true, secureContext: context });
      secured = wrapped;
      const isUp = await new Promise<boolean>((resolve) => {
        wrapped.once("secure", () => resolve(true));
        wrapped.on("error", () => resolve(false));
        wrapped.once("close", () => resolve(false));
        plain.once("close", () => resolve(false));
      });
      if (!isUp) throw new Interruption("522 TLS handshake failed on the data connection");
      if (requireReuse && !wrapped.isSessionReused()) throw new Interruption("522 TLS session reuse required");
      return wrapped;
    },
    close(how) {
      isClosed = true;
      listener.close();
      if (how === "reset") arrived?.resetAndDestroy();
      secured?.destroy();
      arrived?.destroy();
      wake();
    },
  };
}
