import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { obeyStopRequests } from "../../src/process/presence.ts";
import { createStop } from "../../src/process/stop.ts";
import { EXIT } from "../../src/report/exit.ts";
import { STOP_FILE } from "../../src/state/mirrors.ts";

let directory: string;
let end: (() => void) | undefined;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "miroir-presence-"));
});

afterEach(() => {
  end?.();
  rmSync(directory, { recursive: true, force: true });
});

const ask = () => writeFileSync(join(directory, STOP_FILE), "");

describe("obeyStopRequests()", () => {
  test("sees a request during a long sleep, and takes it away", async () => {
    const stop = createStop();
    end = obeyStopRequests(directory, "watch", stop);
    const asleep = stop.sleep(3_600_000);
    ask();
    await asleep;
    expect([stop.code, existsSync(join(directory, STOP_FILE))]).toEqual([EXIT.ok, false]);
  });

  test("sees one that came meanwhile before the next sleep", () => {
    const stop = createStop();
    end = obeyStopRequests(directory, "sync", stop);
    ask();
    void stop.sleep(1000);
    expect(stop.code).toBe(EXIT.terminated);
  });

  test("forgets one that an earlier run was to obey", () => {
    ask();
    const stop = createStop();
    end = obeyStopRequests(directory, "watch", stop);
    void stop.sleep(1000);
    expect(stop.isRequested).toBe(false);
    stop.request("SIGTERM", EXIT.terminated);
  });
});
