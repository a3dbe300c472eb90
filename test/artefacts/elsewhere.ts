import { copyFileSync, mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Finished, Running } from "../e2e/program.ts";
import { type LogLine, readRecords } from "../e2e/records.ts";
import { createScene, REMOTE_FOLDER } from "../e2e/scene.ts";
import type { EmbeddedServer, EmbeddedServerOptions } from "../servers/embedded.ts";

/** A place where an executable runs that is not made for the system of the tests, or finds nothing of it. */
export interface Elsewhere extends AsyncDisposable {
  /** Below FOLDER. */
  write(relative: string, content: string): void;
  embedded(options?: EmbeddedServerOptions): Promise<EmbeddedServer>;
  run(args: string[], server?: EmbeddedServer): Promise<Finished>;
  start(args: string[], server?: EmbeddedServer): Running;
  /** FOLDER SITE and options, as the executable sees them. */
  site(server: EmbeddedServer): string[];
  mirrored(server: EmbeddedServer, running: Running): Promise<void>;
  records(): LogLine[];
  unequal(server: EmbeddedServer): string[];
}

/**
 * A folder that becomes the root of the file system and holds the executable, the C library that it names, /proc, and
 * nothing else: no /etc, no /tmp, no certificates, no other program.
 */
export function createEmptyRoot(executable: string): Elsewhere {
  const root = mkdtempSync(join(tmpdir(), "miroir-root-"));
  const libraries = Bun.spawnSync(["ldd", executable]).stdout.toString().match(/\/\S+/g) ?? [];
  for (const library of libraries) {
    mkdirSync(dirname(join(root, library)), { recursive: true });
    copyFileSync(library, join(root, library));
  }
  copyFileSync(executable, join(root, "miroir"));
  // JavaScriptCore reads the bounds of the stack from there.
  mkdirSync(join(root, "proc"));
  mount("mount", "-t", "proc", "proc", join(root, "proc"));
  return createElsewhere({ root, seenFrom: "/", command: ["chroot", root, "/miroir"] }, () => {
    mount("umount", join(root, "proc"));
  });
}

/** The system of the tests, by an emulated processor. */
export function createEmulated(emulator: string[], executable: string): Elsewhere {
  const root = mkdtempSync(join(tmpdir(), "miroir-emulated-"));
  return createElsewhere({ root, seenFrom: `${root}/`, command: [...emulator, executable] }, () => {});
}

function mount(...command: string[]): void {
  const { exitCode, stderr } = Bun.spawnSync(command);
  if (exitCode !== 0) throw new Error(`"${command.join(" ")}" ended with ${exitCode}: ${stderr}`);
}

function createElsewhere(
  { root, seenFrom, command }: { root: string; seenFrom: string; command: string[] },
  release: () => void,
): Elsewhere {
  const scene = createScene(root);

  function start(args: string[], server?: EmbeddedServer): Running {
    const path = process.env.PATH ?? "";
    const env = { PATH: path, HOME: seenFrom, ...(server && { MIROIR_PASSWORD: server.password }) };
    return scene.launch([...command, ...args], { cwd: "/", env });
  }

  return {
    write: scene.write,
    embedded: scene.embedded,
    start,
    run: (args, server) => start(args, server).finished(),
    site(server) {
      const tls = server.tls === "off" ? [] : ["--tls-ca", `${seenFrom}authority.pem`];
      const own = ["--log", `${seenFrom}miroir.log`, "--log-format", "json", "--state-dir", `${seenFrom}state`];
      return [`${seenFrom}site`, `${server.url}/${REMOTE_FOLDER}`, ...own, ...tls];
    },
    mirrored: scene.mirrored,
    records: () => readRecords(join(root, "miroir.log")),
    unequal: scene.unequal,
    [Symbol.asyncDispose]: () => scene.end(release),
  };
}
