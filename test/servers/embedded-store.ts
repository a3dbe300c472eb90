import { closeSync, ftruncateSync, openSync, readdirSync, statSync, writeSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import type { SessionContext, Transfer } from "./embedded-context.ts";
import type { Misbehaviour } from "./embedded-faults.ts";
import { Interruption } from "./embedded-replies.ts";
import { withSteps } from "./embedded-stream.ts";
import { isThere, type Place, realOf } from "./embedded-tree.ts";

/** Writes what the client sends into `place`, from `startBytes` on. Throws what ends the upload early. */
export async function receive(
  session: SessionContext,
  place: Place,
  socket: Socket,
  {
    command,
    startBytes,
    misbehaviour,
  }: { command: Transfer["command"]; startBytes: number; misbehaviour: Misbehaviour },
): Promise<void> {
  const { visitor, transfers, options, root } = session.server;
  const real = realOf(place);
  const wasThere = isThere(real);
  const file = openSync(real, wasThere ? "r+" : "w");
  const transfer: Transfer = { command, path: place.relative, sizeBytes: 0, isComplete: false };
  transfers.push(transfer);
  try {
    let at = command === "APPE" ? statSync(real).size : startBytes;
    if (at === 0) ftruncateSync(file);
    visitor.torn(place.relative, real);
    let room = options.quotaBytes === undefined ? Number.POSITIVE_INFINITY : options.quotaBytes - usedBytes(root);
    for await (const piece of withSteps(socket, misbehaviour.during, session.suffer)) {
      const wanted = piece.subarray(0, Math.max(0, misbehaviour.truncateAt - transfer.sizeBytes));
      const kept = wanted.subarray(0, Math.max(0, room));
      transfer.sizeBytes += piece.length;
      writeSync(file, kept, 0, kept.length, at);
      at += kept.length;
      room -= kept.length;
      if (kept.length < wanted.length) throw new Interruption("552 Quota exceeded");
    }
    transfer.isComplete = true;
  } finally {
    closeSync(file);
    if (transfer.isComplete) visitor.stored(place.relative, real, wasThere);
    else visitor.torn(place.relative, real);
  }
}

function usedBytes(folder: string): number {
  return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sum + usedBytes(path);
    return entry.isFile() ? sum + statSync(path).size : sum;
  }, 0);
}
