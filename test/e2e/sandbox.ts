import { mkdirSync, mkdtempSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { certificate } from "../servers/certificates.ts";
import { type EmbeddedServer, type EmbeddedServerOptions, startEmbeddedServer } from "../servers/embedded.ts";
import { type RealServer, type RealServerKind, type RealServerOptions, startRealServer } from "../servers/real.ts";
import type { TestServer, TlsMode } from "../servers/server.ts";
import { executable, type Finished, type Running, type Surroundings } from "./program.ts";
import { type LogLine, readRecords } from "./records.ts";
import { createScene, REMOTE_FOLDER } from "./scene.ts";

const PASSED_ON = ["PATH", "LANG", "TMPDIR", "SystemRoot", "TEMP", "TMP"];

/** Where one test has its folder, log, state and home; all that it starts ends with it. */
export interface Sandbox extends AsyncDisposable {
  /** Holds everything else; the current folder of what is run. */
  readonly root: string;
  /** FOLDER. */
  readonly folder: string;
  readonly logFile: string;
  readonly stateDir: string;
  readonly home: string;
  /** Below FOLDER. */
  path(relative: string): string;
  /** Writes a file of FOLDER, making the folders above it. */
  write(relative: string, content: string | Uint8Array): void;
  embedded(options?: EmbeddedServerOptions): Promise<EmbeddedServer>;
  real(kind: RealServerKind, tls: TlsMode, options?: Omit<RealServerOptions, "tls">): Promise<RealServer>;
  /** FOLDER SITE and the options that every run of this sandbox has; its log is JSON. */
  site(server: TestServer): string[];
  env(server: TestServer | undefined, more?: Record<string, string>): Surroundings["env"];
  /** Runs the executable to its end. */
  run(args: string[], env?: Surroundings["env"], cwd?: string): Promise<Finished>;
  /** The same, by a user whom file modes bind: root's way around them is taken away. */
  runWithoutPrivileges(args: string[], env: Surroundings["env"]): Promise<Finished>;
  sync(server: TestServer, ...more: string[]): Promise<Finished>;
  start(args: string[], env?: Surroundings["env"]): Running;
  watch(server: TestServer, ...more: string[]): Running;
  records(): LogLine[];
  /** What is not the same in FOLDER and on the site. */
  unequal(server: TestServer): string[];
  /** Waits until the site is like FOLDER. */
  mirrored(server: TestServer, running?: Running): Promise<void>;
}

export function siteUrl(server: TestServer): string {
  return `${server.url}/${REMOTE_FOLDER}`;
}

export function createSandbox(): Sandbox {
  const program = executable();
  const root = realpathSync(mkdtempSync(join(tmpdir(), "miroir-e2e-")));
  const home = join(root, "home");
  const logFile = join(root, "miroir.log");
  const stateDir = join(root, "state");
  const { folder, launch, keep, write, unequal, mirrored, end } = createScene(root);
  mkdirSync(home);

  function start(args: string[], env = environment(undefined), cwd = root): Running {
    return launch([program, ...args], { env, cwd });
  }

  function environment(server: TestServer | undefined, more: Record<string, string> = {}): Record<string, string> {
    const env: Record<string, string> = { HOME: home, LOCALAPPDATA: home };
    for (const name of PASSED_ON) {
      const value = process.env[name];
      if (value !== undefined) env[name] = value;
    }
    return { ...env, ...(server && { MIROIR_PASSWORD: server.password }), ...more };
  }

  function site(server: TestServer): string[] {
    const tls = server.tls === "off" ? [] : ["--tls-ca", server.certificateFile];
    const log = ["--log", logFile, "--log-format", "json", "--state-dir", stateDir];
    return [folder, siteUrl(server), ...log, ...tls];
  }

  return {
    root,
    folder,
    logFile,
    stateDir,
    home,
    path: (relative) => join(folder, relative),
    write,
    embedded(options = {}) {
      const identity = options.tls === undefined || options.tls === "off" ? {} : { certificate: certificate() };
      return keep(startEmbeddedServer({ ...identity, ...options }));
    },
    real: (kind, tls, options) => keep(startRealServer(kind, { tls, ...options })),
    site,
    env: environment,
    run: (args, env, cwd) => start(args, env, cwd).finished(),
    runWithoutPrivileges: (args, env) => launch([...unprivileged(), program, ...args], { env, cwd: root }).finished(),
    sync: (server, ...more) => start(["sync", ...site(server), ...more], environment(server)).finished(),
    start,
    watch: (server, ...more) => start(["watch", ...site(server), ...more], environment(server)),
    records: () => readRecords(logFile),
    unequal,
    mirrored,
    [Symbol.asyncDispose]: () => end(),
  };
}

/** A prefix to a command line, empty where nobody has to be bound. */
function unprivileged(): string[] {
  if (process.getuid?.() !== 0) return [];
  const without = "-dac_override,-dac_read_search";
  return ["setpriv", `--inh-caps=${without}`, `--bounding-set=${without}`];
}
