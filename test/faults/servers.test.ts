import { afterAll, describe, expect, test } from "bun:test";
import type { EmbeddedServerOptions } from "../servers/embedded.ts";
import { brokenPromises, busyWithNothing, unconverged } from "./invariants.ts";
import { removeProgram } from "./miroir.ts";
import { changeFolder, layAdoptable, layFolder, write } from "./scenes.ts";
import { createTurns } from "./turns.ts";
import { createWorld } from "./world.ts";

afterAll(removeProgram);

/** Servers that are odd all the time, and still can be mirrored to. */
const ODD: { name: string; options: EmbeddedServerOptions; gaps?: true }[] = [
  { name: "whose replies come byte by byte", options: { replyChunkBytes: 1 } },
  { name: "that names another host for data", options: { passiveHost: "10.9.8.7", features: { epsv: false } } },
  { name: "that takes one session, 421", options: { maxSessions: 1 } },
  { name: "that takes two sessions, 530", options: { maxSessions: 2, maxSessionsReply: "530 Too many users" } },
  { name: "that hides dot files", options: { hideDotFiles: true } },
  {
    name: "that hides dot files and has no MLSD",
    options: { hideDotFiles: true, features: { mlsd: false, mlst: false } },
  },
  { name: "that cuts listings short", options: { listingLimit: 3 } },
  { name: "that lists as DOS does", options: { listFormat: "dos", features: { mlsd: false, mlst: false } } },
  {
    name: "that lists what is missing as empty",
    options: { missingListsEmpty: true, features: { mlsd: false, mlst: false } },
  },
  { name: "whose login folder is deep", options: { loginFolder: "/home/alice's own" } },
  { name: "that ignores case", options: { caseInsensitive: true } },
  { name: "that stores names composed", options: { alterName: (name) => name.normalize("NFC") } },
  { name: "without SIZE", options: { features: { size: false } } },
  {
    name: "without MLSD, SIZE and MDTM",
    options: { features: { mlsd: false, mlst: false, size: false, mdtm: false } },
  },
  { name: "that sets no times", options: { features: { mfmt: false, mdtmSet: false } } },
  { name: "that sets times by MDTM", options: { features: { mfmt: false, mdtmSet: true } } },
  { name: "without FEAT", options: { features: { feat: false } } },
  { name: "that stores over nothing", options: { features: { storOverwrite: false } } },
  { name: "that renames over nothing", options: { features: { renameOverwrite: false } }, gaps: true },
  {
    name: "that can do next to nothing",
    options: {
      hideDotFiles: true,
      features: {
        ...{ mlsd: false, mlst: false, mfmt: false, mdtm: false, size: false, epsv: false, feat: false },
        ...{ utf8: false, rest: false, appe: false, siteChmod: false, siteUtime: false, renameOverwrite: false },
      },
    },
    gaps: true,
  },
];

const turns = createTurns(4);

describe("sync mirrors to a server", () => {
  test.concurrent.each(ODD.flatMap((odd) => [false, true].map((holdsPart) => ({ ...odd, holdsPart }))))(
    "$name (holding part of it already: $holdsPart)",
    ({ options, gaps, holdsPart }) =>
      turns.take(async () => {
        const world = await createWorld({
          populate: layFolder,
          ...(holdsPart && { populateSite: layAdoptable }),
          ...options,
        });
        const allowed = { gaps: gaps === true };
        try {
          const found: string[] = [];
          for (const change of [() => {}, changeFolder]) {
            change(world.folder);
            const run = await world.sync();
            found.push(...brokenPromises(world, run, allowed), ...unconverged(world, run));
            found.push(...busyWithNothing(await world.sync()));
          }
          expect(found).toEqual([]);
        } finally {
          await world.close();
        }
      }),
    120_000,
  );
});

test("sync goes on where a server that restarts in the middle cut it off", async () => {
  const world = await createWorld({
    populate(folder) {
      for (let number = 0; number < 80; number++) write(folder, `file ${number}`, "x".repeat(2000 + number));
    },
    latencyMs: 2,
  });
  try {
    const running = world.sync("--retries", "5");
    while (world.server.transfers.length < 20) await Bun.sleep(1);
    await world.server.restart({ downMs: 500 });
    const run = await running;
    expect([...brokenPromises(world, run), ...unconverged(world, run)]).toEqual([]);
    // What had been put in place is not sent again: at most one file a session was on its way.
    const shown = world.server.visitor.journal.filter(({ change }) => change !== "vanished").length;
    expect(shown).toBeLessThanOrEqual(80 + 4);
  } finally {
    await world.close();
  }
}, 120_000);

test("sync to a server that is full mirrors what fits, says so, and the rest once there is room", async () => {
  const world = await createWorld({ populate: layFolder, quotaBytes: 100_000 });
  try {
    const full = await world.sync("--retries", "1");
    expect(full.exitCode).toBe(1);
    expect(full.log.filter((line) => line.includes('"reason":"full"')).map((line) => JSON.parse(line).path)).toContain(
      "big.bin",
    );
    expect(brokenPromises(world, full)).toEqual([]);
    write(world.folder, "big.bin", "smaller now");
    const roomy = await world.sync();
    expect([...brokenPromises(world, roomy), ...unconverged(world, roomy)]).toEqual([]);
  } finally {
    await world.close();
  }
}, 120_000);
