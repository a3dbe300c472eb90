import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Finished, type Running, startProgram } from "../e2e/program.ts";
import { type LogLine, readRecords } from "../e2e/records.ts";
import { differences, readTree } from "../e2e/trees.ts";
import { waitFor } from "../e2e/wait.ts";
import { certificate } from "../servers/certificates.ts";
import { type EmbeddedServer, type EmbeddedServerOptions, startEmbeddedServer } from "../servers/embedded.ts";

const REMOTE_FOLDER = "www";

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
  end: () => void,
): Elsewhere {
  const folder = join(root, "site");
  const running: Running[] = [];
  const servers: EmbeddedServer[] = [];
  mkdirSync(folder);
  const unequal = (server: EmbeddedServer) => differences(readTree(folder), readTree(join(server.root, REMOTE_FOLDER)));

  function start(args: string[], server?: EmbeddedServer): Running {
    const path = process.env.PATH ?? "";
    const child = startProgram([...command, ...args], {
      cwd: "/",
      env: { PATH: path, HOME: seenFrom, ...(server && { MIROIR_PASSWORD: server.password }) },
    });
    running.push(child);
    return child;
  }

  return {
    write(relative, content) {
      const file = join(folder, relative);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
    },
    async embedded(options = {}) {
      const identity = certificate();
      const server = await startEmbeddedServer({ certificate: identity, ...options });
      servers.push(server);
      copyFileSync(identity.authorityFile, join(root, "authority.pem"));
      return server;
    },
    start,
    run: (args, server) => start(args, server).finished(),
    site(server) {
      const tls = server.tls === "off" ? [] : ["--tls-ca", `${seenFrom}authority.pem`];
      const own = ["--log", `${seenFrom}miroir.log`, "--log-format", "json", "--state-dir", `${seenFrom}state`];
      return [`${seenFrom}site`, `${server.url}/${REMOTE_FOLDER}`, ...own, ...tls];
    },
    mirrored: (server, watch) =>
      waitFor("the site to be like FOLDER", () => watch.hasEnded || unequal(server).length === 0, {
        state: () => `${unequal(server).join(", ")}. miroir said: ${watch.stderr}`,
      }),
    records: () => readRecords(join(root, "miroir.log")),
    unequal,
    async [Symbol.asyncDispose]() {
      for (const child of running) {
        if (!child.hasEnded) child.kill("SIGKILL");
        await child.finished();
      }
      for (const server of servers) await server.stop();
      end();
      rmSync(root, { recursive: true, force: true });
    },
  };
}
