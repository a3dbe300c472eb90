import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { certificate } from "../servers/certificates.ts";
import { type EmbeddedServer, type EmbeddedServerOptions, startEmbeddedServer } from "../servers/embedded.ts";
import type { TestServer } from "../servers/server.ts";
import { type Running, type Surroundings, startProgram } from "./program.ts";
import { differences, readTree } from "./trees.ts";
import { waitFor } from "./wait.ts";

/** The remote folder in every site here. */
export const REMOTE_FOLDER = "www";

/** What every test of an executable has: FOLDER, servers and programs. */
export interface Scene {
  /** FOLDER: `site` in the folder of the scene. */
  readonly folder: string;
  /** Writes a file of FOLDER, making the folders above it. */
  write(relative: string, content: string | Uint8Array): void;
  launch(command: string[], surroundings: Surroundings): Running;
  /** Is stopped at the end of the scene. */
  keep<S extends TestServer>(starting: Promise<S>): Promise<S>;
  /** Whose authority lies beside FOLDER, as `authority.pem`, for those who see nothing else of this system. */
  embedded(options?: EmbeddedServerOptions): Promise<EmbeddedServer>;
  /** What is not the same in FOLDER and on the site. */
  unequal(server: TestServer): string[];
  /** Waits until the site is like FOLDER, or `running` has ended. */
  mirrored(server: TestServer, running?: Running): Promise<void>;
  /** Ends what was started, and deletes the folder; `release` is called in between. */
  end(release?: () => void): Promise<void>;
}

/** The folder on disk that holds the site. */
export function remoteOf(server: TestServer): string {
  return join(server.root, REMOTE_FOLDER);
}

/** @param root an empty folder */
export function createScene(root: string): Scene {
  const folder = join(root, "site");
  const running: Running[] = [];
  const servers: TestServer[] = [];
  mkdirSync(folder);

  const unequal = (server: TestServer) => differences(readTree(folder), readTree(remoteOf(server)));

  async function keep<S extends TestServer>(starting: Promise<S>): Promise<S> {
    const server = await starting;
    servers.push(server);
    return server;
  }

  return {
    folder,
    write(relative, content) {
      const file = join(folder, relative);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
    },
    launch(command, surroundings) {
      const child = startProgram(command, surroundings);
      running.push(child);
      return child;
    },
    keep,
    async embedded(options = {}) {
      const identity = certificate();
      const server = await keep(startEmbeddedServer({ certificate: identity, ...options }));
      copyFileSync(identity.authorityFile, join(root, "authority.pem"));
      return server;
    },
    unequal,
    mirrored: (server, child) =>
      waitFor("the site to be like FOLDER", () => child?.hasEnded === true || unequal(server).length === 0, {
        state: () => `${unequal(server).join(", ")}. miroir said: ${child?.stderr}`,
      }),
    async end(release) {
      for (const child of running) {
        if (!child.hasEnded) child.kill("SIGKILL");
        await child.finished();
      }
      for (const server of servers) await server.stop();
      release?.();
      rmSync(root, { recursive: true, force: true });
    },
  };
}
