import { expect, test } from "bun:test";
import { createStop } from "../../src/process/stop.ts";
import { createAdmission } from "../../src/remote/rate.ts";
import { EXIT } from "../../src/report/exit.ts";

const HOUR_MS = 3_600_000;

test("Stop.sleepInGrace() goes on when a stop is asked for, and ends with the grace: a rate holds until then", async () => {
  const stop = createStop(() => undefined as never);
  const admit = createAdmission(1000, () => 0, stop.sleepInGrace);
  await admit(HOUR_MS);
  const order: string[] = [];
  const paced = admit(1)?.then(() => order.push("admitted"));
  stop.onGraceOver(() => void order.push("grace over"));
  stop.request("SIGTERM", EXIT.terminated);
  await stop.sleep(HOUR_MS);
  order.push("slept");
  await paced;
  await stop.sleepInGrace(HOUR_MS);
  expect(order).toEqual(["slept", "grace over", "admitted"]);
}, 30_000);
