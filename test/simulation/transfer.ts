import type { DataPort } from "./data-port.ts";
import type { Receiver } from "./model-server.ts";
import { type Connection, connectionLost, type Surroundings } from "./model-session.ts";
import type { Fate } from "./weather.ts";

/** Where the replies to a transfer go. */
export interface Replies {
  starts(lines: string[]): void;
  ends(lines: string[]): void;
}

const STARTS = ["150 Here it comes"];
const RESET = "read ECONNRESET";

/** The server's side of one MLSD, LIST, STOR or APPE, on the data connection that was asked for before. */
export function startTransfer(
  command: string,
  connection: Connection,
  surroundings: Surroundings,
  replies: Replies,
): void {
  const { server, weather, process, turn, tell } = surroundings;
  turn();
  const fate = weather.transfer(command);
  const { data } = connection;
  const told: Replies = {
    starts: replies.starts,
    ends(lines) {
      tell(`  ${command}: ${lines.at(-1)}`);
      replies.ends(lines);
    },
  };
  if (fate.kind === "lost") {
    tell(`  ${command}: lost`);
    return connection.end(connectionLost(command, false));
  }
  if (fate.kind === "refused") return told.ends([fate.reply]);
  if (!data?.isOpen) return told.ends(["425 No data connection"]);
  if (command.startsWith("MLSD") || command.startsWith("LIST")) {
    const done = process.attempt(command, () => server.listing(connection.seat, command));
    if (!done) return;
    const { text, reply } = done.result;
    if (text === undefined) return told.ends([reply]);
    return sendListing(text, { command, reply, fate, data, connection }, told);
  }
  const begun = process.attempt(command, () => server.receive(command));
  if (!begun) return;
  if (typeof begun.result === "string") return told.ends([begun.result]);
  receiveFile(begun.result, { command, reply: "226 Stored", fate, data, connection }, surroundings, told);
}

interface Under {
  command: string;
  reply: string;
  fate: Fate;
  data: DataPort;
  connection: Connection;
}

function sendListing(text: string, { command, reply, fate, data, connection }: Under, replies: Replies): void {
  replies.starts(STARTS);
  if (fate.kind === "cut") {
    data.socket.push(text.slice(0, text.length / 2));
    // When somebody listens for it.
    setImmediate(() => {
      data.socket.destroy(new Error(RESET));
      replies.ends(["426 Broken off"]);
    });
    return;
  }
  data.socket.push(text);
  data.socket.push(null);
  setImmediate(() => {
    if (fate.kind === "unanswered") connection.end(connectionLost(command, true));
    else replies.ends([reply]);
  });
}

function receiveFile(
  receiver: Receiver,
  { command, reply, fate, data, connection }: Under,
  { process, turn, tell }: Surroundings,
  replies: Replies,
): void {
  let isOver = false;
  /** The verdict comes when the client has seen that all was taken. */
  const judge = (line: string) => {
    if (isOver) return;
    isOver = true;
    setImmediate(() => {
      if (process.isDead) return;
      if (fate.kind !== "unanswered") return replies.ends([line]);
      tell(`  ${command}: stored, unanswered`);
      connection.end(connectionLost(command, true));
    });
  };
  replies.starts(STARTS);
  let takes = 1;
  data.onChunk = (chunk) => {
    if (isOver) return;
    turn();
    const isHalved = fate.kind === "cut" || fate.kind === "short";
    const share = isHalved ? chunk.subarray(0, takes * Math.floor(chunk.length / 2)) : chunk;
    if (isHalved) takes = 0;
    const taken = process.attempt(`${chunk.length} bytes of ${command}`, () => receiver.take(share));
    if (!taken) return;
    if (!taken.result) return judge("552 Quota exceeded");
    if (fate.kind !== "cut") return;
    judge("426 Broken off");
    setImmediate(() => data.socket.destroy(new Error(RESET)));
  };
  data.onEnd = () => judge(reply);
}
