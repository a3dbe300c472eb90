import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { dialFailed } from "./dial.ts";

/** One open data connection. Whatever is awaited of it fails when nothing moves for its time-out. */
export interface DataConnection {
  /** Undefined when the bytes were taken at once. From then, or when it resolves, the buffer is the caller's again. */
  write(bytes: Uint8Array): Promise<void> | undefined;
  /** Ends the sending after everything that was written. */
  finish(): Promise<void>;
  /** Hands over what comes, as it comes, until the server ends the connection. */
  receive(onChunk: (chunk: Uint8Array) => void): Promise<void>;
  destroy(): void;
}

/** A TCP connection to a port for data that may still have to be encrypted: servers do so after the transfer's command. */
export interface DataLine {
  /** The server has neither ended it nor said anything. */
  readonly isFresh: boolean;
  /** Makes it ready for data. @throws SiteError */
  open(): Promise<DataConnection>;
  destroy(): void;
}

const closed = () => new Error("the data connection was closed");
const stalled = (timeoutMs: number) => new Error(`the server took no data for ${timeoutMs / 1000} s`);
const silent = () => new Error("no data in time");
const asError = (error: unknown) => (error instanceof Error ? error : new Error(String(error)));

/** A server that sends on during an upload is not listened to: what it says would fill the memory. */
const MOST_EARLY_BYTES = 1024 * 1024;

/** What a plain connection's events change. */
interface PlainState {
  end: Error | "ended" | undefined;
  /** Chunks that came before anybody asked for them: some of a listing, nothing of an honest upload. */
  early: Uint8Array[];
  earlyBytes: number;
  onChunk: ((chunk: Uint8Array) => void) | undefined;
  /** Called at every event that somebody may wait for. */
  wake: (() => void) | undefined;
}

const PLAIN_EVENTS = {
  data(socket: Bun.Socket<PlainState>, chunk: Uint8Array) {
    const { data } = socket;
    try {
      if (data.onChunk) data.onChunk(chunk);
      else {
        data.early.push(chunk);
        data.earlyBytes += chunk.length;
        if (data.earlyBytes > MOST_EARLY_BYTES) socket.pause();
      }
    } catch (error) {
      data.end ??= asError(error);
    }
    data.wake?.();
  },
  drain: ({ data }: Bun.Socket<PlainState>) => data.wake?.(),
  end({ data }: Bun.Socket<PlainState>) {
    data.end ??= "ended";
    data.wake?.();
  },
  close({ data }: Bun.Socket<PlainState>, error?: Error) {
    data.end ??= error ?? "ended";
    data.wake?.();
  },
  error({ data }: Bun.Socket<PlainState>, error: Error) {
    data.end ??= error;
    data.wake?.();
  },
};

/**
 * Opens a plain data connection by Bun's own sockets: no stream stands between the file and the system, and a buffer
 * is free again as soon as the system has its bytes.
 * @throws SiteError `unreachable`
 */
export function dialPlain(host: string, port: number, timeoutMs: number): Promise<DataLine> {
  return new Promise((resolve, reject) => {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      reject(dialFailed(host, port, timeoutMs));
    }, timeoutMs);
    const data: PlainState = { end: undefined, early: [], earlyBytes: 0, onChunk: undefined, wake: undefined };
    Bun.connect<PlainState>({ hostname: host, port, data, socket: PLAIN_EVENTS }).then(
      (socket) => {
        clearTimeout(timer);
        if (isLate) socket.terminate();
        else resolve(plainConnection(socket, timeoutMs));
      },
      (error: NodeJS.ErrnoException) => {
        clearTimeout(timer);
        reject(dialFailed(host, port, timeoutMs, error));
      },
    );
  });
}

function plainConnection(socket: Bun.Socket<PlainState>, timeoutMs: number): DataConnection & DataLine {
  const state = socket.data;

  /** Resolves at the next event. */
  function event(late: () => Error): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        state.wake = undefined;
        reject(late());
      }, timeoutMs);
      state.wake = () => {
        clearTimeout(timer);
        state.wake = undefined;
        resolve();
      };
    });
  }

  async function writeRest(bytes: Uint8Array): Promise<void> {
    for (let rest = bytes; rest.length > 0; ) {
      await event(() => stalled(timeoutMs));
      if (state.end) throw closed();
      const taken = socket.write(rest);
      if (taken < 0) throw closed();
      rest = rest.subarray(taken);
    }
  }

  return {
    get isFresh() {
      return !state.end && state.earlyBytes === 0;
    },
    async open() {
      return this;
    },
    write(bytes) {
      const taken = state.end ? -1 : socket.write(bytes);
      if (taken === bytes.length) return undefined;
      if (taken < 0) return Promise.reject(closed());
      return writeRest(bytes.subarray(taken));
    },
    finish() {
      if (state.end) return Promise.reject(closed());
      // The system has all that was written, and sends it before the end.
      socket.end();
      return Promise.resolve();
    },
    async receive(onChunk) {
      for (const chunk of state.early.splice(0)) onChunk(chunk);
      state.onChunk = onChunk;
      socket.resume();
      while (!state.end) await event(silent);
      if (state.end !== "ended") throw state.end;
    },
    destroy() {
      state.end ??= closed();
      state.wake?.();
      socket.terminate();
    },
  };
}

/** A connection that is encrypted when it is opened, and watched until then. */
export function tlsLine(socket: Socket, timeoutMs: number, encrypt: () => Promise<Duplex>): DataLine {
  let isFresh = true;
  const spoil = () => {
    isFresh = false;
  };
  // An error that nobody listens to would end the process.
  socket.on("error", spoil).on("close", spoil);
  return {
    get isFresh() {
      return isFresh;
    },
    open: async () => streamConnection(await encrypt(), timeoutMs),
    destroy: () => void socket.destroy(),
  };
}

/** A data connection over a stream: TLS, which Bun's own sockets cannot resume. */
export function streamConnection(stream: Duplex, timeoutMs: number): DataConnection {
  let broken: Error | undefined;
  stream.on("error", (error) => {
    broken ??= error;
  });

  function sending(start: (done: (error?: Error | null) => void) => void): Promise<void> {
    if (broken || stream.destroyed) return Promise.reject(broken ?? closed());
    // Unread TLS tickets would turn the closing into a reset, and the tail of the file could be lost.
    stream.resume();
    return new Promise((resolve, reject) => {
      const done = (error?: Error | null) => {
        clearTimeout(timer);
        stream.off("close", onClose).off("error", done);
        if (error) reject(error);
        else resolve();
      };
      const onClose = () => done(closed());
      const timer = setTimeout(() => done(stalled(timeoutMs)), timeoutMs);
      stream.once("close", onClose).once("error", done);
      start(done);
    });
  }

  return {
    write(bytes) {
      return sending((done) => stream.write(bytes, done));
    },
    finish() {
      return sending((done) => stream.end(done));
    },
    receive(onChunk) {
      if (broken) return Promise.reject(broken);
      return new Promise((resolve, reject) => {
        const done = (error?: Error) => {
          clearTimeout(timer);
          if (error) reject(error);
          else resolve();
        };
        const timer = setTimeout(() => done(silent()), timeoutMs);
        stream.on("data", (chunk: Uint8Array) => {
          timer.refresh();
          try {
            onChunk(chunk);
          } catch (error) {
            done(asError(error));
          }
        });
        stream.once("end", () => done()).once("error", done);
        stream.once("close", () => done());
      });
    },
    destroy: () => void stream.destroy(),
  };
}
