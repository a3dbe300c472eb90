import { askPort, dialData } from "./data.ts";
import type { Asking } from "./query.ts";
import { type Stored, store } from "./store.ts";
import { startTransfer } from "./transfer.ts";

/** Stores bytes of our own making, for trying a server out. @throws SiteError when no data connection came about */
export async function storeBytes(asking: Asking, path: string, bytes: Uint8Array): Promise<Stored> {
  let isRead = bytes.length === 0;
  const source = {
    sizeBytes: bytes.length,
    read(buffer: Uint8Array) {
      if (isRead) return 0;
      isRead = true;
      buffer.set(bytes);
      return bytes.length;
    },
  };
  const { session, capabilities, timeoutMs } = asking;
  const data = dialData(session, await askPort(session, capabilities));
  return store(session, data, startTransfer(session, `STOR ${path}`), source, {
    timeoutMs,
    isEarly: false,
    admit: () => undefined,
    onChunk() {},
  });
}
