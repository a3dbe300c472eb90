import { createScanReader } from "../../src/detect/folder.ts";
import type { ScanOptions } from "../../src/detect/scan.ts";
import type { RelPath } from "../../src/detect/tree.ts";
import { createMemory, type Memory } from "../../src/mirror/memory.ts";
import type { MirrorParts } from "../../src/mirror/parts.ts";
import { createMirror, type PassResult } from "../../src/mirror/pass.ts";
import type { Site } from "../../src/remote/site.ts";
import { worstExit } from "../../src/report/exit.ts";
import { openState, type State } from "../../src/state/state.ts";
import { createRecordingLog, partsFor } from "../mirror/mirror-parts.ts";
import { createLate, type Late } from "./late.ts";
import { createModelSite } from "./model-site.ts";
import { watchState } from "./model-state.ts";
import { type Doom, Killed, type Process, startProcess } from "./process.ts";
import { createReader } from "./reader.ts";
import type { Weather } from "./weather.ts";
import type { Settings, World } from "./world.ts";

/** One run of miroir. */
export interface RunOptions {
  weather: Weather;
  passes: number;
  retries: number;
  verifyMs: number;
  isWatch?: boolean;
  doom?: Doom | undefined;
  delete?: Settings["delete"];
  /** How probable it is, at each turn, that somebody edits FOLDER or the site, or that the disk fails. */
  edits?: number;
  foreignEdits?: number;
  diskErrors?: number;
  /** An entry that cannot be read in the first pass; `""` is FOLDER itself. */
  unreadable?: RelPath;
  /** Between two passes. */
  onPass?(result: PassResult): void;
}

export interface Ran {
  /** The last pass; undefined when the process was killed. */
  last: PassResult | undefined;
  /** How often the world had a turn: never without something asked of the server. */
  turns: number;
}

/** A run that needs more turns than this never ends. */
const MOST_TURNS = 20_000;

/** Runs miroir once in a world, from its start to its end or death. */
export async function runMiroir(world: World, options: RunOptions): Promise<Ran> {
  const { random, settings, clock, local, server, witness, place, tell, nonce } = world;
  const process = startProcess(options.doom, tell);
  const late = createLate(server, tell);
  let isAdopting = world.manifest() === undefined;
  let turns = 0;
  let isBusy = false;
  tell("RUN");
  if (isAdopting) dateApart(world);

  function turn(): void {
    if (isBusy || process.isDead) return;
    if (++turns > MOST_TURNS) {
      witness.tell("a run does not end");
      process.kill();
      return;
    }
    isBusy = true;
    local.show();
    clock.pass(random.below(4));
    late.turn();
    const edited = !isAdopting && random.chance(options.edits ?? 0) ? world.editor.edit() : undefined;
    if (edited !== undefined) tell(`meanwhile: ${edited}`);
    if (random.chance(options.foreignEdits ?? 0)) tell(`meanwhile others: ${world.others.edit()}`);
    isBusy = false;
  }

  const { weather } = options;
  const { connections, windowSize, inPlace } = settings;
  const realState = openState(place);
  const state = watchState(realState, process, {
    recorded: witness.recorded,
    folded(manifest) {
      if (isAdopting) witness.adopted(manifest);
      isAdopting = false;
    },
  });
  // Never by itself, only before the next command: what was recorded since is lost with the process.
  const memory = createMemory(state, () => {});
  const beforeSending = memory.commit;
  const surroundings = { server, weather, process, late, random, turn, tell, hears: witness.hears, beforeSending };
  const site = createModelSite(surroundings, { clock, nonce, connections, windowSize, inPlace });
  const reader = createReader(local, {
    turn,
    fails: () => random.chance(options.diskErrors ?? 0),
    chunkBytes: () => random.pick([3, 1_000_000, 1_000_000]),
  });
  const sleep = async (ms: number) => {
    clock.pass(ms);
    turn();
  };
  const readSite: Site = {
    ...site,
    get parallel() {
      return site.parallel;
    },
    uploads(next, report) {
      const readNext = () => {
        const job = next();
        return job && reader.take(job);
      };
      return site.uploads(readNext, report);
    },
  };

  try {
    const passes = () => passAll(world, { ...options, process, late }, state, memory, { site: readSite, sleep });
    const last = await Promise.race([passes(), process.death.then(() => undefined)]);
    return { last: process.isDead ? undefined : last, turns };
  } catch (error) {
    if (!(error instanceof Killed)) throw error;
    return { last: undefined, turns };
  } finally {
    local.show();
    // What a dead process had under way comes to nothing.
    await new Promise((resolve) => setImmediate(resolve));
    reader.closeAll();
    await site.close();
    late.flush();
    realState.close();
    witness.judgeClaims(world.manifest(), false);
  }
}

async function passAll(
  world: World,
  options: RunOptions & { process: Process; late: Late },
  state: State,
  memory: Memory,
  effects: Pick<MirrorParts, "site" | "sleep">,
): Promise<PassResult | undefined> {
  const { clock, local, witness, tell } = world;
  const run = { unreadable: options.unreadable };
  const mirror = createMirror(partsOf(world, options, memory, state, effects, run), memory);
  let result: PassResult | undefined;
  for (let pass = 1; pass <= options.passes; pass++) {
    const startTick = local.tick;
    const tamperedBefore = witness.tampered.size;
    // Some passes come with events before them, and what those foretell.
    if (pass % 2 === 0) for (const path of local.files.keys()) mirror.foresee(path);
    result = await mirror.pass();
    local.show();
    run.unreadable = undefined;
    options.late.flush();
    tell(`PASS ${pass}: exit ${worstExit(result.codes)} ${result.error?.message ?? ""}`);
    const isUndisturbed = local.tick === startTick && tamperedBefore + witness.tampered.size === 0;
    if (result.codes.length === 0 && result.counts.pending === 0 && isUndisturbed) world.expectEqual(options.delete);
    if (pass === options.passes) break;
    clock.pass(1000);
    options.onPass?.(result);
  }
  memory.fold();
  return result;
}

function partsOf(
  world: World,
  options: RunOptions,
  memory: Memory,
  state: State,
  effects: Pick<MirrorParts, "site" | "sleep">,
  run: { unreadable: RelPath | undefined },
): MirrorParts {
  const { settings, clock, local, witness, nonce } = world;
  const { maxDelete, profile } = settings;
  const mode = options.delete ?? settings.delete;
  const { folder } = local;
  const rules = { depth: 6, patterns: [], own: new Set<RelPath>(), follow: false, platform: "linux" } as const;
  const readScan = createScanReader(folder, rules);
  return partsFor(folder, effects.site, createRecordingLog(), {
    delete: mode,
    maxDelete: Number.isFinite(maxDelete) ? { kind: "count", count: maxDelete } : { kind: "none" },
    retries: options.retries,
    verifyMs: options.verifyMs,
    isWatch: options.isWatch ?? false,
    now: clock.now,
    monotonicMs: clock.monotonicMs,
    sleep: effects.sleep,
    nonce,
    readScan() {
      const approved = new Set(state.approval.approved());
      const deletions = mode === "none" ? 0 : maxDelete;
      const gaps = !profile.renameOverwrites;
      const allowed = { foreignGoes: mode === "all", gaps, torn: settings.inPlace, deletions, approved };
      witness.passBegins(allowed, () => memory.manifest);
      if (run.unreadable === "") local.hide("");
      return hiding(readScan(), (path) => path === run.unreadable && local.hide(path));
    },
  });
}

/** The walk names an entry before it looks into it: the moment for it to become unreadable. */
function hiding(scan: ScanOptions, atEntry: (path: RelPath) => void): ScanOptions {
  const { scope } = scan;
  return {
    ...scan,
    scope: {
      inFolder(folder) {
        const outside = scope.inFolder(folder);
        return (name, isFolder) => {
          atEntry(folder === "" ? name : `${folder}/${name}`);
          return outside(name, isFolder);
        };
      },
      isInside: scope.isInside,
    },
  };
}

/** Another content of the same size and nearly the same time is what adoption takes for equal, by its own rule. */
function dateApart({ clock, local, server, witness }: World): void {
  clock.pass(10_000);
  for (const [path, { sha1, sizeBytes, mtimeMs }] of local.files) {
    const there = server.tree.get(path);
    if (there?.type !== "file" || there.bytes.length !== sizeBytes || witness.contentOf(path) === sha1) continue;
    if (Math.abs(there.mtimeMs - mtimeMs) < 5000) local.touch(path);
  }
}
