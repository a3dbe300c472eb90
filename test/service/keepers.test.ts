import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLaunchctl } from "../../src/service/launchctl.ts";
import { launchdPlist } from "../../src/service/launchd.ts";
import { createSchtasks } from "../../src/service/schtasks.ts";
import { createSystemctl } from "../../src/service/systemctl.ts";
import { taskXml } from "../../src/service/task-scheduler.ts";
import type { Tool } from "../../src/service/tool.ts";
import { SYNC, WATCH, WINDOWS_WATCH } from "./golden.ts";

let home = "";
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "miroir-keeper-"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const filesBelow = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name)
    .sort();

/** A system's tool that notes what it is asked for, and refuses what `refuses` matches. */
function recording(refuses = /^$/, answers: Record<string, string> = {}) {
  const asked: string[] = [];
  const tool: Tool = async (command) => {
    const line = command.join(" ").replaceAll(home, "~");
    asked.push(line);
    if (refuses.test(line)) return { code: 1, stdout: "", words: "Access is denied." };
    return { code: 0, stdout: answers[line] ?? "", words: "" };
  };
  return { asked, tool };
}

describe("createLaunchctl()", () => {
  const definition = {
    ...WATCH,
    get home() {
      return home;
    },
  };

  test("loads an agent in the place of an older one, lists it, and removes all of it", async () => {
    const { asked, tool } = recording();
    const keeper = createLaunchctl(home, 501, tool);
    await keeper.install(definition);
    await keeper.install(definition);
    const label = `local.miroir.${WATCH.id}`;
    const file = `~/Library/LaunchAgents/${label}.plist`;
    const installing = [`launchctl bootout gui/501/${label}`, `launchctl bootstrap gui/501 ${file}`];
    expect(asked).toEqual([...installing, ...installing]);
    expect(readFileSync(file.replace("~", home), "utf8")).toBe(launchdPlist(definition));
    expect(await keeper.list()).toEqual([{ id: WATCH.id, description: WATCH.description }]);
    await keeper.remove(WATCH.id);
    expect([filesBelow(home), await keeper.list()]).toEqual([[], []]);
  });

  test("leaves nothing where it cannot be loaded", async () => {
    const keeper = createLaunchctl(home, 501, recording(/bootstrap/).tool);
    expect(keeper.install(definition)).rejects.toThrow("says: Access is denied.");
    expect(filesBelow(home)).toEqual([]);
  });
});

describe("createSchtasks()", () => {
  const name = "miroir-website-3f2a9c01b7de";

  test("hands over the XML as UTF-16, and starts the task", async () => {
    let handed = "";
    const { asked, tool } = recording();
    const reading: Tool = async (command) => {
      const file = command.includes("/create") ? command[command.indexOf("/xml") + 1] : undefined;
      if (file !== undefined) handed = readFileSync(file, "utf16le");
      return tool(command.map((word) => (word === file ? "FILE" : word)));
    };
    await createSchtasks(reading).install(WINDOWS_WATCH);
    expect(asked).toEqual([
      `schtasks /end /tn ${name}`,
      `schtasks /create /tn ${name} /xml FILE /f`,
      `schtasks /run /tn ${name}`,
    ]);
    expect(handed).toBe(`\uFEFF${taskXml(WINDOWS_WATCH)}`);
  });

  test("lists its own tasks, whatever the language of the table", async () => {
    const table = `"\\Andere","Nicht zutreffend","Bereit"\r\n"\\${name}","N/V","Bereit"\r\n"\\Ordner\\miroir-x","N/V","Bereit"\r\n`;
    const { tool } = recording(/^$/, {
      "schtasks /query /fo csv /nh": table,
      [`schtasks /query /tn ${name} /xml`]: taskXml(WINDOWS_WATCH),
    });
    const { id, description } = WINDOWS_WATCH;
    expect(await createSchtasks(tool).list()).toEqual([{ id, description }]);
  });

  test("says what to do where access is denied", async () => {
    const { tool } = recording(/create/);
    expect(createSchtasks(tool).install(WINDOWS_WATCH)).rejects.toThrow("Access is denied.. Where access is denied");
  });

  test("removes the task", async () => {
    const { asked, tool } = recording();
    await createSchtasks(tool).remove(WINDOWS_WATCH.id);
    expect(asked.at(-1)).toBe(`schtasks /delete /tn ${name} /f`);
  });
});

describe("createSystemctl()", () => {
  const folder = () => join(home, "systemd", "user");

  test("replaces a watch by a schedule, and removes all of it", async () => {
    const { asked, tool } = recording();
    const keeper = createSystemctl(folder(), tool);
    await keeper.install(WATCH);
    expect(readdirSync(folder())).toEqual([`miroir-${WATCH.id}.service`]);
    await keeper.install(SYNC);
    expect(readdirSync(folder()).sort()).toEqual([`miroir-${WATCH.id}.service`, `miroir-${WATCH.id}.timer`]);
    expect(await keeper.list()).toEqual([{ id: SYNC.id, description: SYNC.description }]);
    expect(asked.at(-1)).toBe(`systemctl --user enable --now --quiet miroir-${WATCH.id}.timer`);
    await keeper.remove(SYNC.id);
    expect(readdirSync(folder())).toEqual([]);
  });

  test.each([/Version/, /daemon-reload/, /enable/])("leaves nothing where %p is refused", async (refused) => {
    const keeper = createSystemctl(folder(), recording(refused).tool);
    expect(keeper.install(WATCH)).rejects.toThrow('"--print" shows the units');
    await keeper.install(WATCH).catch(() => undefined);
    expect(existsSync(folder()) ? readdirSync(folder()) : []).toEqual([]);
  });
});
