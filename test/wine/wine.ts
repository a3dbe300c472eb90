import { copyFileSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { type Running, requireFresh } from "../e2e/program.ts";
import { type LogLine, readRecords } from "../e2e/records.ts";
import { createScene, REMOTE_FOLDER, remoteOf } from "../e2e/scene.ts";
import { waitFor } from "../e2e/wait.ts";
import type { EmbeddedServer, EmbeddedServerOptions } from "../servers/embedded.ts";

/** One test's place inside the system that has Wine: the Windows executable, FOLDER, log and state. */
export interface WineSandbox extends AsyncDisposable {
  /** Seen from here. */
  readonly folder: string;
  readonly logFile: string;
  readonly stateDir: string;
  /** As Windows writes it: `Z:\root\miroir-wine-x\site`. */
  windowsPath(name: string): string;
  write(relative: string, content: string | Uint8Array): void;
  embedded(options?: EmbeddedServerOptions): Promise<EmbeddedServer>;
  /** FOLDER SITE and the options that every run here has; its log is JSON. */
  site(server: EmbeddedServer): string[];
  /** Without a password it is not in the environment. */
  start(args: string[], password?: string): Running;
  /** On a terminal: `keys` are typed once it shows `question`. @returns all that it showed, and the exit code */
  type(args: string[], question: string, keys: string): Promise<{ code: number; screen: string }>;
  /** Another Windows program has a file open from now on. */
  hold(name: string, sharing: "none" | "read"): Promise<Held>;
  /** Another Windows program renames a file over another. @returns "replaced", or the error code */
  replace(from: string, to: string): Promise<string>;
  records(): LogLine[];
  remote(server: EmbeddedServer): string;
  unequal(server: EmbeddedServer): string[];
}

export interface Held {
  release(): Promise<void>;
}

/** The system with Wine that MIROIR_WINE_ROOT names, made by `.ci/wine`. */
export function wineRoot(): string {
  const root = process.env.MIROIR_WINE_ROOT ?? "";
  if (root === "") throw new Error('Cannot test under Wine: MIROIR_WINE_ROOT is not set. Run ".ci/wine FOLDER" first');
  return root;
}

/** dist/miroir-windows-x64.exe, or what MIROIR_TEST_WINDOWS_EXECUTABLE names. */
function windowsExecutable(): string {
  const given = process.env.MIROIR_TEST_WINDOWS_EXECUTABLE;
  if (given !== undefined && given !== "") return given;
  const file = join(import.meta.dir, "..", "..", "dist", "miroir-windows-x64.exe");
  requireFresh(file, "bun build.ts --target windows-x64");
  return file;
}

export function createWineSandbox(): WineSandbox {
  const system = wineRoot();
  const program = windowsExecutable();
  mkdirSync(join(system, "root"), { recursive: true });
  const root = mkdtempSync(join(system, "root", "miroir-wine-"));
  const scene = createScene(root);
  const { folder } = scene;
  const logFile = join(root, "miroir.log");
  const stateDir = join(root, "state");
  let held = 0;
  copyFileSync(program, join(root, "miroir.exe"));

  const windowsPath = (name: string) => ["Z:", "root", basename(root), name].join("\\");

  /** The child is the Windows program itself: chroot, env and wine each become the next. */
  function commandOf(args: string[], more: Record<string, string>): string[] {
    const wine = ["env", "-i", "PATH=/usr/bin:/bin", "HOME=/root", "LC_ALL=C.UTF-8", "WINEDEBUG=-all"];
    const place = ["WINEPREFIX=/root/wp", "XDG_RUNTIME_DIR=/tmp"];
    const variables = Object.entries(more).map(([name, value]) => `${name}=${value}`);
    return ["chroot", system, ...wine, ...place, ...variables, "wine", windowsPath("miroir.exe"), ...args];
  }

  function launch(args: string[], more: Record<string, string>): Running {
    return scene.launch(commandOf(args, more), { cwd: "/", env: { PATH: process.env.PATH ?? "" } });
  }

  /** By the runtime inside the executable, as another Windows program. */
  function launchScript(name: string, ...args: string[]): Running {
    copyFileSync(join(import.meta.dir, name), join(root, name));
    return launch([windowsPath(name), ...args], { BUN_BE_BUN: "1" });
  }

  return {
    folder,
    logFile,
    stateDir,
    windowsPath,
    write: scene.write,
    embedded: scene.embedded,
    site(server) {
      const tls = server.tls === "off" ? [] : ["--tls-ca", windowsPath("authority.pem")];
      const files = ["--log", windowsPath("miroir.log"), "--state-dir", windowsPath("state")];
      return [windowsPath("site"), `${server.url}/${REMOTE_FOLDER}`, ...files, "--log-format", "json", ...tls];
    },
    start: (args, password) => launch(args, password === undefined ? {} : { MIROIR_PASSWORD: password }),
    async type(args, question, keys) {
      let screen = "";
      const decoder = new TextDecoder();
      const child = Bun.spawn(commandOf(args, { TERM: "xterm" }), {
        cwd: "/",
        terminal: {
          data(_terminal, bytes) {
            screen += decoder.decode(bytes, { stream: true });
          },
        },
      });
      try {
        const isAsked = () => child.exitCode !== null || screen.includes(question);
        await waitFor("the question", isAsked, { state: () => screen });
        child.terminal?.write(keys);
        await waitFor("the end", () => child.exitCode !== null, { state: () => screen });
        return { code: await child.exited, screen };
      } finally {
        if (child.exitCode === null) child.kill("SIGKILL");
        await child.exited;
        child.terminal?.close();
      }
    },
    async hold(name, sharing) {
      const release = `release-${++held}`;
      const child = launchScript("hold.mjs", windowsPath(name), sharing, windowsPath(release));
      await waitFor("the file to be held", () => child.hasEnded || child.stdout !== "", { state: () => child.stderr });
      if (!child.stdout.includes("held")) throw new Error(`Cannot hold "${name}": ${child.stdout}${child.stderr}`);
      return {
        async release() {
          writeFileSync(join(root, release), "");
          await child.finished();
        },
      };
    },
    async replace(from, to) {
      const { stdout } = await launchScript("replace.mjs", windowsPath(from), windowsPath(to)).finished();
      return stdout;
    },
    records: () => readRecords(logFile),
    remote: remoteOf,
    unequal: scene.unequal,
    [Symbol.asyncDispose]: () => scene.end(),
  };
}
