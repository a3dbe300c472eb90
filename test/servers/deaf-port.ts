import { dlopen, FFIType } from "bun:ffi";

const AF_INET = 2;
const SOCK_STREAM = 1;
const ADDRESS_BYTES = 16;

/** A loopback port at which no connection ever comes to be, as behind a firewall that drops what is sent to it. */
export interface DeafPort extends Disposable {
  readonly port: number;
}

/**
 * Listens, accepts nobody, and fills its own queue, so that Linux drops all further attempts. By libc itself: whoever
 * listens by the runtime accepts at once.
 */
export function openDeafPort(): DeafPort {
  const { i32, ptr } = FFIType;
  const { symbols: libc, close } = dlopen("libc.so.6", {
    socket: { args: [i32, i32, i32], returns: i32 },
    bind: { args: [i32, ptr, i32], returns: i32 },
    listen: { args: [i32, i32], returns: i32 },
    getsockname: { args: [i32, ptr, ptr], returns: i32 },
    connect: { args: [i32, ptr, i32], returns: i32 },
    close: { args: [i32], returns: i32 },
  });
  const must = (result: number, what: string): number => {
    if (result < 0) throw new Error(`Cannot ${what} a socket`);
    return result;
  };
  // sockaddr_in: the family as the machine writes it, the port and 127.0.0.1 as the network does.
  const address = new Uint8Array([AF_INET, 0, 0, 0, 127, 0, 0, 1, ...new Array(8).fill(0)]);
  const listener = must(libc.socket(AF_INET, SOCK_STREAM, 0), "open");
  must(libc.bind(listener, address, ADDRESS_BYTES), "bind");
  must(libc.listen(listener, 0), "listen on");
  must(libc.getsockname(listener, address, new Int32Array([ADDRESS_BYTES])), "name");
  const filler = must(libc.socket(AF_INET, SOCK_STREAM, 0), "open");
  must(libc.connect(filler, address, ADDRESS_BYTES), "connect");
  return {
    port: new DataView(address.buffer).getUint16(2),
    [Symbol.dispose]() {
      libc.close(filler);
      libc.close(listener);
      close();
    },
  };
}
