import { copyFileSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createTerminalModel } from "../report/terminal-model.ts";
import { certificate } from "../servers/certificates.ts";
import { executable } from "./program.ts";
import { createSandbox, siteUrl } from "./sandbox.ts";
import { remoteOf } from "./scene.ts";
import { type OnTerminal, startOnTerminal } from "./terminal.ts";

/** Of the pseudo-terminals. Longer lines are kept whole here. */
const COLUMNS = 100;
const UNBROKEN = 1000;
/** A port that nothing listens on. */
const CLOSED_PORT = 1;

/** What a command showed, from its beginning to its end or to the moment looked at, with fixed ports, times and paths. */
export interface Shown {
  command: string;
  lines: string[];
  /** Undefined while it runs. */
  code: number | undefined;
}

/** What a newcomer sees, in this order. */
export interface Walk {
  version: Shown;
  init: Shown;
  /** When it has mirrored all of the folder. */
  watch: Shown;
  /** When `contact.html` was saved, and its text as it then stands on the site. */
  change: Shown;
  changedOnSite: string;
  status: Shown;
  check: Shown;
  /** After somebody has written over a file of the site. */
  different: Shown;
  stop: Shown;
  stopped: Shown;
  repair: Shown;
  /** While the passive ports of the server are closed. */
  doctor: Shown;
  /** The paths on the server when all is over. */
  leftOnSite: string[];
}

export const SAVED = "<h1>Contact</h1>\n";

/** Walks with the executable, alone in an empty home, against the embedded server. */
export async function takeWalk(): Promise<Walk> {
  await using sandbox = createSandbox();
  const { home } = sandbox;
  const program = join(home, "bin", "miroir");
  const folder = join(home, "website");
  for (const each of ["bin", "website", "website/css"]) mkdirSync(join(home, each));
  copyFileSync(executable(), program);
  writeFileSync(join(folder, "index.html"), "<h1>Welcome</h1>\n");
  writeFileSync(join(folder, "css", "site.css"), "h1 { color: navy }\n");
  writeFileSync(join(folder, "draft.psd"), "a picture, not finished\n");
  writeFileSync(join(folder, ".miroirignore"), "*.psd\n");

  const server = await sandbox.embedded({ tls: "explicit", certificate: certificate({ names: ["localhost"] }) });
  const site = siteUrl(server).replace("127.0.0.1", "localhost").replace("ftpes://alice@", "");
  const env = sandbox.env(undefined, { TERM: "xterm", NO_COLOR: "1", LANG: "C.UTF-8" });
  const shown = (command: string, { said }: OnTerminal, code?: number): Shown => ({
    command: `miroir ${command}`,
    lines: linesOf(said, { home, port: server.port }),
    code,
  });
  const start = (command: string) => startOnTerminal(command.split(" "), { cwd: home, env, columns: COLUMNS, program });

  async function run(command: string): Promise<Shown> {
    using terminal = start(command);
    const code = await terminal.exited();
    return shown(command, terminal, code);
  }

  async function init(): Promise<Shown> {
    using terminal = start("init");
    for (const [question, answer] of [
      ["Folder to mirror", "website"],
      ["FTP server", site],
      ["Account", "alice"],
      ["Name of the profile [website]", ""],
      ["Password for alice", server.password],
      ["Trust this certificate", "y"],
      ["Write this as the profile", ""],
    ] as const) {
      await terminal.asked(question);
      terminal.type(`${answer}\r`);
    }
    const code = await terminal.exited();
    return shown("init", terminal, code);
  }

  const walk = { version: await run("--version"), init: await init() };
  const watching = "watch --profile website";
  using terminal = start(watching);
  await terminal.asked("in sync, watching");
  const watch = shown(watching, terminal);
  // An editor that saves in one step: nobody sees the file half written.
  writeFileSync(join(home, "contact"), SAVED);
  renameSync(join(home, "contact"), join(folder, "contact.html"));
  await terminal.asked("upload   contact.html");
  await terminal.asked("in sync, watching, last change");
  const change = shown(watching, terminal);
  const remote = remoteOf(server);
  const changedOnSite = await Bun.file(join(remote, "contact.html")).text();
  const running = { status: await run("status"), check: await run("check --profile website") };
  writeFileSync(join(remote, "index.html"), "<h1>Somebody else was here</h1>\n");
  const different = await run("check --profile website");
  const stop = await run("stop website");
  const stopped = shown(watching, terminal, await terminal.exited());
  const repair = await run("sync --profile website --verify 100ms");
  server.inject({
    command: /^(EPSV|PASV)/,
    rawReply: `229 Entering Extended Passive Mode (|||${CLOSED_PORT}|)\r\n`,
    times: 20,
  });
  const doctor = await run("doctor --profile website");
  const leftOnSite = [...new Bun.Glob("**/*").scanSync({ cwd: server.root, dot: true })].sort();
  return { ...walk, watch, change, changedOnSite, ...running, different, stop, stopped, repair, doctor, leftOnSite };
}

/** What stands on the terminal, with a name for the server and what never changes for what differs from run to run. */
function linesOf(said: string, { home, port }: { home: string; port: number }): string[] {
  const terminal = createTerminalModel(UNBROKEN);
  terminal.write(said);
  const fixed: [RegExp | string, string][] = [
    [home, "/home/alice"],
    [new RegExp(`(onnect(?:ing to)? +)localhost:${port}`, "g"), "$1example.org:21"],
    [new RegExp(`port ${port}\\b`, "g"), "port 21"],
    [new RegExp(`localhost(?::${port})?`, "g"), "example.org"],
    ["127.0.0.1", "203.0.113.7"],
    [new RegExp(`\\bport ${CLOSED_PORT}\\b`, "g"), "port 50412"],
    [`(|||${CLOSED_PORT}|)`, "(|||50412|)"],
    [/\b[0-9a-f]{64}\b/g, "f3023dd2a3a8d0ae251bc86f171b028061def97e5b15dbe201399bddc78ee61f"],
    [/\bwebsite-[0-9a-f]{12}\b/g, "website-5cdac7653b5d"],
    [/\b[\d.]+ ms\b/g, "12 ms"],
    [/\b\d+ s ago\b/g, "2 s ago"],
    [/\bpid \d+\b/g, "pid 13228"],
    [/(?<=last change )\d\d:\d\d:\d\d/g, "14:03:27"],
    [/ \([0-9a-f]{12}\+?, \d{4}-\d\d-\d\d\)/g, " (5cdac7653b5d, 2026-11-24)"],
  ];
  const text = fixed.reduce((all, [what, by]) => all.replaceAll(what, by), terminal.rows().join("\n"));
  return text.trimEnd().split(/ *\n/);
}
