import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Manifest } from "../../src/detect/manifest.ts";
import { openState, peekState, type StatePlace } from "../../src/state/state.ts";
import { type Clock, createClock } from "./clock.ts";
import { createEditor, type Editor } from "./edits.ts";
import { createLocalTree, type LocalTree } from "./local-tree.ts";
import { createModelServer, isTemporary, type ModelServer, type Profile } from "./model-server.ts";
import { createOthers, type Others } from "./others.ts";
import type { Random } from "./random.ts";
import { createWitness, type Witness } from "./witness.ts";

/** What stays the same as long as a world lasts. */
export interface Settings {
  profile: Profile;
  delete: "tracked" | "all" | "none";
  /** Infinity for none. */
  maxDelete: number;
  connections: number;
  windowSize: number;
  /** What the disk tells apart of times. */
  grainMs: number;
  writesLarge: boolean;
  /** `--in-place` */
  inPlace: boolean;
}

/** A FOLDER, a site, the state of the mirror between them, and who watches. */
export interface World {
  readonly random: Random;
  readonly settings: Settings;
  readonly clock: Clock;
  readonly local: LocalTree;
  readonly server: ModelServer;
  readonly editor: Editor;
  readonly others: Others;
  readonly witness: Witness;
  /** Where the state is. */
  readonly place: StatePlace;
  readonly story: string[];
  tell(line: string): void;
  /** The same kind of name never comes twice. */
  nonce(): string;
  /** What a new process would know. */
  manifest(): Manifest | undefined;
  /** Tells of every difference between FOLDER and the site, foreign entries aside. */
  expectEqual(mode?: Settings["delete"]): void;
  expectNothingTemporary(): void;
  /** A person lets the parked deletions go. @returns how many */
  approve(): number;
  end(): void;
}

export function createWorld(random: Random, settings: Settings): World {
  // Where the disk is memory, an fsync costs nothing.
  const base = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "miroir-simulation-"));
  const clock = createClock();
  const local = createLocalTree(base, clock, settings.grainMs);
  const directory = join(base, "state");
  const place = { directory, folder: local.folder, site: "ftp://model/www", now: () => new Date(clock.now()) };
  const manifest = () => peekState(directory, place).manifest;
  const witness = createWitness(local, () => server.tree, manifest);
  const server = createModelServer(settings.profile, clock, (step) => witness.sees(step));
  const { tree } = server;
  const story: string[] = [];
  let nonces = 0;

  return {
    random,
    settings,
    clock,
    local,
    server,
    editor: createEditor(local, random, settings),
    others: createOthers(server, local, random, witness.isForeign),
    witness,
    place,
    story,
    // The same seed tells the same story wherever it lived.
    tell: (line) => void story.push(line.replaceAll(base, "")),
    nonce: () => `n${nonces++}`,
    manifest,
    expectEqual(mode = settings.delete) {
      for (const [path, { sha1 }] of local.files) {
        if (witness.contentOf(path) !== sha1) witness.tell(`exit 0, and "${path}" is another on the site`);
      }
      for (const path of local.folders) {
        if (!tree.hasFolder(path)) witness.tell(`exit 0, and the folder "${path}" is not on the site`);
      }
      if (mode === "none") return;
      for (const path of tree.paths()) {
        if (isTemporary(path) || witness.isForeign(path) || local.files.has(path) || local.folders.has(path)) continue;
        witness.tell(`exit 0, and "${path}" is still on the site`);
      }
    },
    expectNothingTemporary() {
      for (const path of tree.paths()) if (isTemporary(path)) witness.tell(`"${path}" is left on the site`);
    },
    approve() {
      const state = openState(place);
      const count = state.approval.approve();
      state.close();
      return count;
    },
    end: () => rmSync(base, { recursive: true, force: true }),
  };
}
