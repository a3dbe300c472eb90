import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isNamed, type ServiceDefinition } from "../../src/service/definition.ts";
import { launchdPlist, readDescription } from "../../src/service/launchd.ts";
import { systemdUnits } from "../../src/service/systemd.ts";
import { readTaskDescription, taskXml, windowsArgument } from "../../src/service/task-scheduler.ts";
import { isWithout } from "../tools.ts";
import * as golden from "./golden.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "miroir-service-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a program of the system says against it; "" for nothing. */
function complaints(command: string[], stdin = ""): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync(command, { stdin: Buffer.from(stdin), cwd: folder });
  return exitCode === 0 ? "" : `${exitCode}: ${stdout}${stderr}`;
}

function verify(...units: string[]) {
  return Bun.spawnSync(["systemd-analyze", "verify", "--user", "--man=no", ...units], {
    env: { ...process.env, XDG_RUNTIME_DIR: folder },
  });
}

describe("systemdUnits()", () => {
  test("of a watch is one service, begun at log-on", () => {
    expect(systemdUnits(golden.WATCH)).toEqual([
      { name: "miroir-website-3f2a9c01b7de.service", text: golden.SYSTEMD_WATCH_TEXT },
    ]);
  });

  test("of a sync is a service and the timer that begins it", () => {
    expect(systemdUnits(golden.SYNC)).toEqual([
      { name: "miroir-website-3f2a9c01b7de.service", text: golden.SYSTEMD_SYNC_TEXT },
      { name: "miroir-website-3f2a9c01b7de.timer", text: golden.SYSTEMD_TIMER_TEXT },
    ]);
  });

  test.skipIf(isWithout("systemd-analyze")).each([
    { name: "a watch", definition: golden.WATCH },
    { name: "a sync", definition: golden.SYNC },
  ])("of $name pass systemd-analyze verify", ({ definition }) => {
    // It looks whether the program is there.
    const there: ServiceDefinition = { ...definition, command: ["/bin/true", ...definition.command.slice(1)] };
    const files = systemdUnits(there).map(({ name, text }) => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    });
    const { exitCode, stderr } = verify(...files);
    // It warns of units of this machine too.
    const ours = stderr
      .toString()
      .split("\n")
      .filter((line) => line.includes("miroir-"));
    expect({ exitCode, ours }).toEqual({ exitCode: 0, ours: [] });
  });

  test.skipIf(isWithout("systemd-analyze"))(
    "are refused by systemd-analyze verify when they are wrong: the check can fail",
    () => {
      const file = join(folder, "miroir-wrong.service");
      writeFileSync(
        file,
        golden.SYSTEMD_WATCH_TEXT.replace("Type=exec", "Type=nonsense").replace("/opt/mi roir/miroir", "x"),
      );
      const { stderr } = verify(file);
      expect(stderr.toString()).toContain("miroir-wrong.service");
    },
  );
});

describe("taskXml()", () => {
  test("of a watch is a task that begins at log-on", () => {
    expect(taskXml(golden.WINDOWS_WATCH)).toBe(golden.TASK_WATCH_TEXT.replaceAll("\n", "\r\n"));
  });

  test("of a sync is a task that is repeated", () => {
    expect(taskXml(golden.SYNC)).toContain(golden.TASK_SYNC_TRIGGER_TEXT.replaceAll("\n", "\r\n"));
  });

  test.each([
    { everyMs: 60_000, want: "PT1M" },
    { everyMs: 90_000, want: "PT90S" },
    { everyMs: 7_200_000, want: "PT2H" },
  ])("writes $everyMs ms as $want", ({ everyMs, want }) => {
    expect(taskXml({ ...golden.SYNC, everyMs })).toContain(`<Interval>${want}</Interval>`);
  });

  const schema = join(import.meta.dir, "task.xsd");
  const validate = (text: string) => {
    writeFileSync(join(folder, "task.xml"), `\uFEFF${text}`, "utf16le");
    return complaints(["xmllint", "--noout", "--schema", schema, "task.xml"]);
  };

  test.skipIf(isWithout("xmllint")).each([
    { name: "a watch", definition: golden.WINDOWS_WATCH },
    { name: "a sync", definition: golden.SYNC },
    { name: "the longest interval", definition: { ...golden.SYNC, everyMs: 24 * 86_400_000 } },
  ])("of $name is valid by the documented schema", ({ definition }) => {
    expect(validate(taskXml(definition))).toBe("");
  });

  test.skipIf(isWithout("xmllint")).each([
    { name: "an interval under a minute", from: "<Interval>PT15M<", to: "<Interval>PT59S<" },
    {
      name: "elements of a trigger in another order",
      from: /(<Enabled>true<\/Enabled>)(\s*)(<Start.*>)/,
      to: "$3$2$1",
    },
    { name: "an unknown setting", from: "Priority>", to: "Prio>" },
    { name: "actions of another principal", from: 'Context="Author"', to: 'Context="Other"' },
  ])("is refused by that schema with $name", ({ from, to }) => {
    const text = taskXml(golden.SYNC);
    const wrong = text.replaceAll(new RegExp(from, "g"), to);
    expect(wrong).not.toBe(text);
    expect(validate(wrong)).toContain("fails to validate");
  });

  test("gives its description back", () => {
    expect(readTaskDescription(taskXml(golden.WINDOWS_WATCH))).toBe(golden.WINDOWS_WATCH.description);
  });
});

describe("windowsArgument()", () => {
  test.each([
    ["plain", "plain"],
    ["", '""'],
    ["a b", '"a b"'],
    ["a\\b", "a\\b"],
    ["a b\\", '"a b\\\\"'],
    ['a"b', '"a\\"b"'],
    ['a\\"b', '"a\\\\\\"b"'],
    ["\\\\server\\share dir", '"\\\\server\\share dir"'],
  ])("writes %j as %s", (argument, want) => {
    expect(windowsArgument(argument)).toBe(want);
  });
});

describe("launchdPlist()", () => {
  test("of a watch is an agent that begins at log-on", () => {
    expect(launchdPlist(golden.WATCH)).toBe(golden.PLIST_WATCH_TEXT);
  });

  test.skipIf(isWithout("python3")).each([
    { name: "a watch", definition: golden.WATCH, keys: { RunAtLoad: true, KeepAlive: { Crashed: true } } },
    {
      name: "a sync",
      definition: golden.SYNC,
      keys: { RunAtLoad: true, StartInterval: 900, ProcessType: "Background" },
    },
  ])("of $name is read by a parser of property lists", ({ definition, keys }) => {
    const script = "import json, plistlib, sys; print(json.dumps(plistlib.load(sys.stdin.buffer)))";
    const { exitCode, stdout, stderr } = Bun.spawnSync(["python3", "-c", script], {
      stdin: Buffer.from(launchdPlist(definition)),
    });
    expect({ exitCode, stderr: stderr.toString() }).toEqual({ exitCode: 0, stderr: "" });
    const read = JSON.parse(stdout.toString());
    expect(read).toMatchObject({
      Label: `local.miroir.${definition.id}`,
      ProgramArguments: definition.command,
      ...keys,
    });
    expect("KeepAlive" in read).toBe(definition.everyMs === undefined);
  });

  test("refuses what XML cannot hold, and gives its description back", () => {
    const command = ["/miroir", "watch", "/a\u0001b"] as const;
    expect(() => launchdPlist({ ...golden.WATCH, command })).toThrow("a character that XML cannot hold");
    const description = 'Mirrors /a&b<c>"d" to ftp://x';
    expect(readDescription(launchdPlist({ ...golden.WATCH, description }))).toBe(description);
  });
});

describe("isNamed()", () => {
  const service = { id: "website-3f2a9c01b7de", description: "Mirrors /home/a/web to ftp://x:21 (profile blog)" };
  test.each([
    { name: "website-3f2a9c01b7de", want: true },
    { name: "miroir-website-3f2a9c01b7de", want: true },
    { name: "blog", want: true },
    { name: "/home/a/web", want: true },
    { name: "/home/a", want: false },
    { name: "website", want: false },
  ])("$name: $want", ({ name, want }) => {
    expect(isNamed(service, name, name)).toBe(want);
  });
});
