import { Duplex } from "node:stream";

/** A passive port of the model server with the one data connection that may come to it. */
export interface DataPort {
  readonly port: number;
  readonly isOpen: boolean;
  /** The client's end. */
  readonly socket: Duplex;
  onChunk(chunk: Uint8Array): void;
  /** The client has sent all, or has gone. */
  onEnd(): void;
}

export function openDataPort(port: number, isOpen: boolean): DataPort {
  const duplex = new Duplex({
    read() {},
    write(chunk: Uint8Array, _, done) {
      data.onChunk(chunk);
      done();
    },
    final(done) {
      data.onEnd();
      done();
    },
    destroy(error, done) {
      data.onEnd();
      done(error);
    },
  });
  const data: DataPort = { port, isOpen, socket: duplex, onChunk() {}, onEnd() {} };
  return data;
}
