import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { EmbeddedServerOptions } from "../servers/embedded.ts";
import { brokenPromises, busyWithNothing, falseClaims, unconverged } from "./invariants.ts";
import { removeProgram } from "./miroir.ts";
import { write } from "./scenes.ts";
import { below, readTree } from "./trees.ts";
import { createWorld, REMOTE_FOLDER, type World } from "./world.ts";

afterAll(removeProgram);

const ODD_NAMES = [
  ...[
    " leading",
    "trailing ",
    "with  two",
    " ",
    "-rf",
    "--help",
    "~",
    "~root",
    "%2e%2e",
    "%00",
    "...",
    ".. ",
    ".hidden",
  ],
  ...["back\\slash", 'quo"te', "'", "`id`", "$(id)", "*", "?", "[a]", "{b}", "#", "a;b", "a|b", "a&b", "<", ">", "!"],
  ...["200 OK", "226", "421 Bye", "__proto__", "constructor", "toString", "con", "nul.txt", "COM1", "x".repeat(255)],
  ...[
    "é".repeat(127),
    "\u{1f600}".repeat(63),
    "a\u2028b",
    "a\u2029b",
    "\u202etxt",
    "\u00a0",
    "a\ufffdb",
    "\u0085",
    "\ufeff",
  ],
];

/** Names that must never be sent: each would be another command, or other bytes. */
const UNSAFE_NAMES = ["a\rb", "a\nDELE foreign.txt", "a\r\nDELE foreign.txt", "tab\tbed", "\u007f", "\u0001", "end\n"];

async function inWorld(
  options: EmbeddedServerOptions & { populate(folder: string): void },
  use: (world: World) => Promise<void>,
) {
  const world = await createWorld(options);
  try {
    await use(world);
  } finally {
    await world.close();
  }
}

describe.skipIf(process.platform === "win32")("names of every kind", () => {
  test(
    "sync mirrors odd names as files and folders, renames and deletes them",
    () =>
      inWorld(
        {
          populate(folder) {
            for (const name of ODD_NAMES) write(folder, name, `content of ${name}`);
            for (const name of ODD_NAMES) write(folder, join("folders", name, "inside"), `inside ${name}`);
          },
        },
        async (world) => {
          const run = await world.sync();
          expect([...brokenPromises(world, run), ...unconverged(world, run)]).toEqual([]);
          for (const name of ODD_NAMES.slice(0, 20)) rmSync(join(world.folder, name));
          for (const name of ODD_NAMES) {
            const to = Buffer.byteLength(name) > 200 ? `y${name.slice(1)}` : `${name} `;
            renameSync(
              join(world.folder, "folders", name),
              join(world.folder, "folders", to === name ? `${name}2` : to),
            );
          }
          const next = await world.sync("--max-delete", "none");
          expect([...brokenPromises(world, next), ...unconverged(world, next)]).toEqual([]);
          expect(busyWithNothing(await world.sync())).toEqual([]);
        },
      ),
    120_000,
  );

  test(
    "sync sends nothing of a name that cannot be sent safely, and the rest all the same",
    () =>
      inWorld(
        {
          populate(folder) {
            for (const name of UNSAFE_NAMES) writeFileSync(join(folder, name), "bad");
            mkdirSync(join(folder, "bad\nfolder"));
            writeFileSync(join(folder, "bad\nfolder", "good name"), "not reached");
            writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0x66, 0xff, 0xfe])]), "no UTF-8");
            write(folder, "good", "good");
          },
        },
        async (world) => {
          const run = await world.sync();
          expect(run.exitCode).toBe(1);
          expect(brokenPromises(world, run)).toEqual([]);
          const { files, folders } = below(readTree(world.server.root), REMOTE_FOLDER);
          expect([...files.keys(), ...folders].sort()).toEqual(["foreign", "foreign.txt", "foreign/f.txt", "good"]);
          const skips = run.log.map((line) => JSON.parse(line)).filter(({ reason }) => reason === "unsafe-name");
          expect(skips.length).toBe(UNSAFE_NAMES.length + 2);
        },
      ),
    120_000,
  );
});

describe("names that are one on the server:", () => {
  test.each<{ name: string; options: EmbeddedServerOptions; twins: [string, string][] }>([
    {
      name: "case",
      options: { caseInsensitive: true },
      twins: [
        ["A.txt", "a.txt"],
        ["Dir/x", "dir/x"],
      ],
    },
    {
      name: "composition",
      options: { alterName: (name) => name.normalize("NFC") },
      twins: [["caf\u00e9", "cafe\u0301"]],
    },
    {
      name: "altered characters",
      options: { alterName: (name) => name.replace(/[:*]| $/g, "_") },
      twins: [
        ["a:b", "a*b"],
        ["end ", "end_"],
      ],
    },
  ])("$name: never one over the other, exit 1, and the manifest claims neither wrongly", ({ options, twins }) =>
    inWorld(
      {
        ...options,
        populate(folder) {
          for (const [one, other] of twins) {
            write(folder, one, `content of ${one}`);
            write(folder, other, `quite another content of ${other}`);
          }
          write(folder, "plain.txt", "plain");
        },
      },
      async (world) => {
        for (let runs = 0; runs < 2; runs++) {
          const run = await world.sync();
          expect(run.exitCode).toBe(1);
          expect(brokenPromises(world, run)).toEqual([]);
          expect(falseClaims(world, readTree(world.server.root))).toEqual([]);
          expect(below(readTree(world.server.root), REMOTE_FOLDER).files.has("plain.txt")).toBe(true);
        }
        const replaced = world.server.visitor.journal.filter(({ change }) => change === "replaced");
        expect(replaced).toEqual([]);
      },
    ));

  test.each([
    { name: "a file", from: "A.txt", to: "a.txt" },
    { name: "a folder", from: "Dir", to: "dir" },
  ])("$name renamed in its case only, and changed: the server holds the new spelling and content", ({ from, to }) =>
    inWorld(
      {
        caseInsensitive: true,
        populate(folder) {
          write(folder, "A.txt", "upper");
          write(folder, "Dir/x", "one");
        },
      },
      async (world) => {
        await world.sync();
        renameSync(join(world.folder, from), join(world.folder, to));
        write(world.folder, to === "dir" ? "dir/x" : to, "other content by now", 1_700_000_900);
        const run = await world.sync();
        expect(unconverged(world, run)).toEqual([]);
        expect(busyWithNothing(await world.sync())).toEqual([]);
      },
    ));
});
