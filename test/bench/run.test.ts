import { expect, test } from "bun:test";
import { peakRssBytes, processorClock, rssBytes } from "./linux-process.ts";
import { runMeasured } from "./run.ts";

const { signal } = new AbortController();
const bun = (code: string) => ({ words: [process.execPath, "-e", code], env: { PATH: process.env.PATH ?? "" } });
const onLinux = test.skipIf(process.platform !== "linux");

test("runMeasured() measures a whole run, and when its first word came", async () => {
  const code = 'await Bun.sleep(100); console.log("one"); await Bun.sleep(200); console.log("two")';
  const ran = await runMeasured(bun(code), "/", signal);
  expect(ran.said).toBe("one\ntwo\n");
  expect(ran.firstWordSeconds).toBeGreaterThan(0.1);
  expect(ran.seconds).toBeGreaterThan(ran.firstWordSeconds + 0.19);
});

onLinux("runMeasured() tells the most memory a program ever had", async () => {
  const code = "let held = Buffer.alloc(150e6, 1); held = undefined; Bun.gc(true); await Bun.sleep(100)";
  expect((await runMeasured(bun(code), "/", signal)).peakBytes).toBeGreaterThan(150e6);
});

test("runMeasured() throws with the words of a program that fails", async () => {
  const code = 'console.error("no such host"); process.exit(3)';
  await expect(runMeasured(bun(code), "/", signal)).rejects.toThrow(/exit code 3: no such host/);
});

test("runMeasured() kills the program when it is interrupted", async () => {
  const interruption = new AbortController();
  const running = runMeasured(bun("await Bun.sleep(60_000)"), "/", interruption.signal);
  setTimeout(() => interruption.abort(new Error("stopped")), 50);
  await expect(running).rejects.toThrow("stopped");
});

onLinux("processorClock() grows by what the processor did, and keeps it when the process has ended", async () => {
  const code =
    'for (const end = performance.now() + 50; performance.now() < end;); console.log(""); await Bun.sleep(60_000)';
  const busy = Bun.spawn([process.execPath, "-e", code], { stdout: "pipe" });
  const processorMs = processorClock(busy.pid);
  const beforeMs = processorMs();
  await busy.stdout.getReader().read();
  const usedMs = processorMs();
  busy.kill();
  await busy.exited;
  expect(usedMs).toBeGreaterThan(beforeMs);
  expect(processorMs()).toBe(usedMs);
});

onLinux("rssBytes() and peakRssBytes() end with the process", async () => {
  const ended = Bun.spawn(["true"]);
  await ended.exited;
  expect([rssBytes(ended.pid), peakRssBytes(ended.pid)]).toEqual([undefined, undefined]);
});

onLinux("rssBytes() and peakRssBytes() are what a process of this kind takes", () => {
  for (const bytes of [rssBytes(process.pid), peakRssBytes(process.pid)]) {
    expect(bytes).toBeGreaterThan(10e6);
    expect(bytes).toBeLessThan(10e9);
  }
});
