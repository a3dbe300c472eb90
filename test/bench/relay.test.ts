import { afterEach, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { connect, createServer, type Server, type Socket } from "node:net";
import { claimPorts } from "../servers/real-ports.ts";
import { type Relay, startRelay } from "./relay.ts";
import { measureRoundTripMs } from "./round-trip.ts";

const TARGET = "127.0.0.1";
const HOST = "127.0.0.2";
const endings: (() => unknown)[] = [];
// Only Linux has every address of 127.0.0.0/8 without being told.
const onLinux = test.skipIf(process.platform !== "linux");

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

/** A server that does `serve` with each connection, and a relay before it. */
async function serverBehindRelay(
  rttMs: number,
  serve: (socket: Socket) => void,
): Promise<{ relay: Relay; port: number }> {
  const ports = await claimPorts(TARGET);
  endings.push(() => ports.release());
  const server = await new Promise<Server>((resolve) => {
    const listening = createServer({ allowHalfOpen: true }, serve).listen(ports.control, TARGET, () =>
      resolve(listening),
    );
  });
  endings.push(() => server.close());
  const relay = await startRelay({
    host: HOST,
    target: TARGET,
    firstPort: ports.control,
    lastPort: ports.control,
    rttMs,
  });
  endings.push(() => relay.stop());
  return { relay, port: ports.control };
}

/** Sends `bytes` and the end, and collects what comes back until the other side ends: SHA-1 and time of each event. */
function exchange(port: number, bytes: Buffer): Promise<{ sha1: string; firstMs: number; brokenBy?: string }> {
  const startMs = performance.now();
  const hash = createHash("sha1");
  let firstMs = Number.NaN;
  return new Promise((resolve) => {
    const socket = connect({ host: HOST, port, allowHalfOpen: true });
    const finish = (brokenBy?: string) => resolve({ sha1: hash.digest("hex"), firstMs, ...(brokenBy && { brokenBy }) });
    socket.on("data", (data) => {
      if (Number.isNaN(firstMs)) firstMs = performance.now() - startMs;
      hash.update(data);
    });
    socket.once("end", () => finish());
    socket.once("error", (error: NodeJS.ErrnoException) => finish(error.code));
    socket.end(bytes);
  });
}

const sha1 = (bytes: Buffer) => createHash("sha1").update(bytes).digest("hex");
const echo = (socket: Socket) => socket.pipe(socket);

onLinux("startRelay() delays what is sent by half a round trip in each direction", async () => {
  const { port } = await serverBehindRelay(80, echo);
  const answer = await exchange(port, Buffer.from("hello"));
  expect(answer.sha1).toBe(sha1(Buffer.from("hello")));
  expect(answer.firstMs).toBeGreaterThanOrEqual(79);
});

onLinux("startRelay() passes on bytes in order, and both ends of a connection", async () => {
  const { port } = await serverBehindRelay(2, echo);
  const bytes = Buffer.alloc(8 * 1024 * 1024, "0123456789abcdefg");
  const answers = await Promise.all(Array.from({ length: 4 }, () => exchange(port, bytes)));
  expect(answers.map((answer) => answer.sha1)).toEqual(Array(4).fill(sha1(bytes)));
});

onLinux("startRelay() has more under way than one window: a long way takes its time once", async () => {
  const { port } = await serverBehindRelay(400, echo);
  const bytes = Buffer.alloc(32 * 1024 * 1024, "x");
  const startMs = performance.now();
  expect((await exchange(port, bytes)).sha1).toBe(sha1(bytes));
  // Were each of its 500 packets of 64 KiB to wait for the one before, it would take 200 s.
  expect(performance.now() - startMs).toBeLessThan(20_000);
});

onLinux("startRelay() takes another round trip while connections are open", async () => {
  const { relay, port } = await serverBehindRelay(0, echo);
  relay.rttMs = 60;
  expect((await exchange(port, Buffer.from("x"))).firstMs).toBeGreaterThanOrEqual(59);
  expect(relay.connections).toBe(1);
});

onLinux("startRelay() passes on that a server broke off", async () => {
  const { port } = await serverBehindRelay(10, (socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => socket.destroy());
  });
  expect((await exchange(port, Buffer.from("x"))).sha1).toBe(sha1(Buffer.alloc(0)));
});

onLinux("startRelay() closes the client where nothing listens behind it", async () => {
  const { relay, port } = await serverBehindRelay(10, echo);
  await endings.splice(1, 1)[0]?.();
  const { firstMs } = await exchange(port, Buffer.from("x"));
  expect(firstMs).toBeNaN();
  expect(relay.connections).toBe(1);
});

onLinux("startRelay() gives its ports back when one of them is taken", async () => {
  const { port } = await serverBehindRelay(0, echo);
  const options = { host: HOST, target: TARGET, rttMs: 0 };
  await expect(startRelay({ ...options, firstPort: port - 1, lastPort: port })).rejects.toThrow("EADDRINUSE");
  const relay = await startRelay({ ...options, firstPort: port + 1, lastPort: port + 1 });
  await relay.stop();
});

onLinux("measureRoundTripMs() is what the relay was asked for, and a little", async () => {
  expect(await measureRoundTripMs(HOST, 30)).toBeGreaterThanOrEqual(29);
});
