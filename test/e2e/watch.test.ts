import { describe, expect, test } from "bun:test";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { EmbeddedServer } from "../servers/embedded.ts";
import type { Running } from "./program.ts";
import { eventsOf, movements } from "./records.ts";
import { createSandbox, type Sandbox, siteUrl } from "./sandbox.ts";
import { remoteOf } from "./scene.ts";
import { waitFor } from "./wait.ts";

/** With the defaults alone: no command word, no interval, no place for the state. */
function watchByDefault(sandbox: Sandbox, server: EmbeddedServer): Running {
  const args = [sandbox.folder, siteUrl(server), "--log", sandbox.logFile];
  return sandbox.start(args, sandbox.env(server, { MIROIR_LOG_FORMAT: "json" }));
}

const passes = (sandbox: Sandbox) => eventsOf(sandbox.records()).filter((event) => event === "pass").length;

/** Waits until the first pass is told. */
async function begun(sandbox: Sandbox, watch: Running): Promise<void> {
  await waitFor("the first pass", () => watch.hasEnded || passes(sandbox) > 0, { state: () => watch.stderr });
}

const FIRST_FILES = {
  "index.html": "index 1",
  "css/site.css": "site",
  "css/print.css": "print",
  "pictures/2025/a.jpg": "picture a",
  "pictures/2025/b.jpg": "picture b",
};

interface Row {
  name: string;
  act(sandbox: Sandbox): void;
  want: string[];
  /** The commands that change something, in any order, temporary names aside. */
  commands?: string[];
}

const ROWS: Row[] = [
  {
    name: "a new file",
    act: ({ write }) => write("new.txt", "new"),
    want: ["upload new.txt"],
  },
  {
    name: "an edit",
    act: ({ path }) => appendFileSync(path("css/site.css"), " more"),
    want: ["upload css/site.css"],
  },
  {
    name: "an edit that keeps the size",
    act: ({ write }) => write("index.html", "index 2"),
    want: ["upload index.html"],
  },
  {
    name: "an edit by an editor that writes beside and renames",
    act({ write, path }) {
      write(".index.html.swp", "index 3 is longer");
      renameSync(path(".index.html.swp"), path("index.html"));
    },
    want: ["upload index.html"],
  },
  {
    name: "a renamed file",
    act: ({ path }) => renameSync(path("index.html"), path("home.html")),
    want: ["rename index.html -> home.html"],
    commands: ["RNFR"],
  },
  {
    name: "a file moved into another folder",
    act: ({ path }) => renameSync(path("css/print.css"), path("pictures/print.css")),
    want: ["rename css/print.css -> pictures/print.css"],
    commands: ["RNFR"],
  },
  {
    name: "a moved folder",
    act: ({ path }) => renameSync(path("pictures/2025"), path("archive")),
    want: ["rename pictures/2025/ -> archive/"],
    commands: ["RNFR"],
  },
  {
    name: "a deleted file",
    act: ({ path }) => rmSync(path("css/print.css")),
    want: ["delete css/print.css"],
    commands: ["DELE"],
  },
  {
    name: "a deleted folder",
    act: ({ path }) => rmSync(path("pictures"), { recursive: true }),
    want: ["delete pictures/2025/a.jpg", "delete pictures/2025/b.jpg", "rmdir pictures/", "rmdir pictures/2025/"],
    commands: ["DELE", "DELE", "RMD", "RMD"],
  },
  {
    name: "a new empty folder",
    act: ({ path }) => mkdirSync(path("empty")),
    want: ["mkdir empty/"],
    commands: ["MKD"],
  },
  {
    name: "a touched file",
    act: ({ path }) => utimesSync(path("index.html"), 1_700_000_000, 1_700_000_000),
    want: ["touch index.html"],
    commands: ["MFMT"],
  },
  {
    name: "a file that became a folder",
    act({ path, write }) {
      rmSync(path("index.html"));
      write("index.html/inside.txt", "inside");
    },
    want: ["delete index.html", "mkdir index.html/", "upload index.html/inside.txt"],
  },
  {
    name: "a folder that became a file",
    act({ path, write }) {
      rmSync(path("css"), { recursive: true });
      write("css", "a file now");
    },
    want: ["delete css/print.css", "delete css/site.css", "rmdir css/", "upload css"],
  },
];

const CHANGING = /^(STOR|APPE|DELE|RMD|MKD|RNFR|MFMT)\b/;

describe("watch with the defaults", () => {
  test.each(ROWS)("mirrors $name, told in one line each", async ({ act, want, commands }) => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    for (const [path, text] of Object.entries(FIRST_FILES)) sandbox.write(path, text);
    const watch = watchByDefault(sandbox, server);
    await begun(sandbox, watch);
    await sandbox.mirrored(server, watch);
    const told = sandbox.records().length;
    const seen = server.commands.length;

    act(sandbox);
    await sandbox.mirrored(server, watch);
    const isTold = () => movements(sandbox.records().slice(told)).length >= want.length;
    await waitFor("the movement in the log", () => watch.hasEnded || isTold());
    watch.kill("SIGTERM");
    expect((await watch.finished()).code).toBe(0);

    expect(movements(sandbox.records().slice(told)).sort()).toEqual([...want].sort());
    const changing = server.commands.slice(seen).flatMap(({ text }) => CHANGING.exec(text)?.[1] ?? []);
    if (commands !== undefined) expect(changing.sort()).toEqual([...commands].sort());
    expect(sandbox.unequal(server)).toEqual([]);
  });

  test("gives a touched file its new time on the server", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    sandbox.write("index.html", "index 1");
    const watch = watchByDefault(sandbox, server);
    await begun(sandbox, watch);
    utimesSync(sandbox.path("index.html"), 1_700_000_000, 1_700_000_000);
    const mtime = () => Bun.file(join(remoteOf(server), "index.html")).lastModified;
    await waitFor("the new time", () => watch.hasEnded || mtime() === 1_700_000_000_000);
    expect(mtime()).toBe(1_700_000_000_000);
  });

  test("leaves the remote file alone when a link takes the place of the local one, and tells it once", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    for (const [path, text] of Object.entries(FIRST_FILES)) sandbox.write(path, text);
    const watch = watchByDefault(sandbox, server);
    await begun(sandbox, watch);
    const told = sandbox.records().length;
    writeFileSync(join(sandbox.root, "elsewhere.txt"), "elsewhere");

    rmSync(sandbox.path("index.html"));
    symlinkSync(join(sandbox.root, "elsewhere.txt"), sandbox.path("index.html"));
    const news = () => movements(sandbox.records().slice(told));
    await waitFor("the link in the log", () => watch.hasEnded || news().length > 0);
    sandbox.write("later.txt", "a later pass");
    await waitFor("a later pass", () => watch.hasEnded || news().length > 1);
    watch.kill("SIGTERM");
    expect((await watch.finished()).code).toBe(0);
    expect(news()).toEqual(["skip index.html (link)", "upload later.txt"]);
    expect(readFileSync(join(remoteOf(server), "index.html"), "utf8")).toBe("index 1");
  });

  test("sends a file that grows while it is sent again, and shows visitors only whole ones", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    sandbox.write("index.html", "index 1");
    const watch = watchByDefault(sandbox, server);
    await begun(sandbox, watch);

    server.inject({ command: "STOR", stallMs: 1500, when: "during", afterBytes: 100_000 });
    const sentBefore = server.transfers.length;
    sandbox.write("growing.log", "a line of a log\n".repeat(500_000));
    await waitFor("the upload to begin", () => watch.hasEnded || server.transfers.length > sentBefore);
    appendFileSync(sandbox.path("growing.log"), "the last line\n");
    await sandbox.mirrored(server, watch);
    watch.kill("SIGTERM");
    expect((await watch.finished()).code).toBe(0);

    const seen = server.visitor.journal.filter(({ path }) => path.endsWith("growing.log"));
    expect(seen.map(({ change, sizeBytes }) => ({ change, sizeBytes }))).toEqual([
      { change: "appeared", sizeBytes: 8_000_014 },
    ]);
    const uploads = movements(sandbox.records()).filter((line) => line.startsWith("upload growing.log"));
    expect(uploads).toBeArrayOfSize(1);
    expect(sandbox.unequal(server)).toEqual([]);
  });

  test("writes nothing while there is nothing to do, and keeps its state in the home folder", async () => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    sandbox.write("index.html", "index 1");
    const watch = sandbox.start(
      [sandbox.folder, siteUrl(server), "--log", sandbox.logFile, "--interval", "50ms"],
      sandbox.env(server, { MIROIR_LOG_FORMAT: "json" }),
    );
    await begun(sandbox, watch);
    sandbox.write("second.html", "second");
    await waitFor("the second pass", () => watch.hasEnded || passes(sandbox) > 1);
    // That nothing comes can only be waited for. Files so new are looked at again once they are older: no news either.
    await Bun.sleep(3000);
    expect(eventsOf(sandbox.records())).toEqual(["start", "connect", "warn", "upload", "pass", "upload", "pass"]);
    watch.kill("SIGTERM");
    expect((await watch.finished()).code).toBe(0);
    expect(existsSync(join(sandbox.home, ".local", "state", "miroir"))).toBe(process.platform === "linux");
  });
});
