import { describe, expect, test } from "bun:test";
import { mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type CheckParts, check } from "../../src/check/check.ts";
import type { CheckReport } from "../../src/check/report.ts";
import { createScanReader } from "../../src/detect/folder.ts";
import type { Manifest } from "../../src/detect/manifest.ts";
import { createLocalFolder } from "../mirror/local-folder.ts";
import { openFolder } from "../remote/remote-folder.ts";
import { embedded } from "../remote/started-server.ts";
import type { EmbeddedServerOptions } from "../servers/embedded.ts";
import type { FaultEffect } from "../servers/embedded-faults.ts";

const SECONDS = 1_795_332_001;

interface Pair extends AsyncDisposable {
  folder: string;
  /** The site's folder on the server's disk. */
  disk: string;
  server: Awaited<ReturnType<typeof embedded>>;
  check(fields?: Partial<CheckParts>): Promise<CheckReport>;
}

/** The same files on both sides, of the same time. */
async function pair(paths: readonly string[], options: EmbeddedServerOptions = {}): Promise<Pair> {
  const server = await embedded(options);
  const local = createLocalFolder();
  const remote = openFolder(server);
  for (const path of paths) for (const root of [local.path, remote.disk]) write(join(root, path), path);
  return {
    folder: local.path,
    disk: remote.disk,
    server,
    check: (fields = {}) =>
      check({
        folder: local.path,
        readScan: createScanReader(local.path, {
          ...{ depth: 6, patterns: [], own: new Set(), follow: false, platform: "linux" },
        }),
        site: remote.site,
        manifest: undefined,
        status: { told: [] },
        delete: "tracked",
        checksum: false,
        patience: {
          retries: 1,
          sleep: async () => {},
          monotonicMs: () => 0,
          random: () => 0.5,
          isStopped: () => false,
        },
        ...fields,
      }),
    async [Symbol.asyncDispose]() {
      await remote[Symbol.asyncDispose]();
      await server.stop();
      local.remove();
    },
  };
}

function write(file: string, content: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  utimesSync(file, SECONDS, SECONDS);
}

function shown({ differences, unchecked, failure }: CheckReport): string[] {
  return [
    ...differences.map(({ kind, path }) => `${kind} ${path}`),
    ...unchecked.map(({ path, reason }) => `unchecked ${path} ${reason}`),
    ...(failure ? [`failed ${"reason" in failure ? failure.reason : failure.name}`] : []),
  ];
}

/** As if all of `paths` had been sent as they are. */
function sent(paths: readonly string[]): Manifest {
  const entry = (path: string) => ({ mtimeMs: SECONDS * 1000, sizeBytes: path.length, sha1: "0".repeat(40) });
  return { files: new Map(paths.map((path) => [path, entry(path)])), folders: new Set() };
}

const NO_MACHINE_LISTING = { features: { mlsd: false, mlst: false } };

describe("check()", () => {
  test.each<{ name: string; options: EmbeddedServerOptions }>([
    { name: "MLSD", options: {} },
    { name: "LIST alone", options: NO_MACHINE_LISTING },
    { name: "hidden dot files", options: { hideDotFiles: true } },
    { name: "listings cut after 3 entries", options: { listingLimit: 3 } },
    { name: "both, and no MLST", options: { ...NO_MACHINE_LISTING, hideDotFiles: true, listingLimit: 1 } },
  ])("with $name sees no difference where there is none, and each where there is", async ({ options }) => {
    const paths = ["a", "b", "c", "d", "e", ".htaccess", ".well-known/x", "f/.g/h", "f/i", "f/j", "f/k", "f/l"];
    await using both = await pair(paths, options);
    expect(shown(await both.check())).toEqual([]);
    for (const path of [".htaccess", "e", "f/.g/h"]) rmSync(join(both.disk, path));
    write(join(both.disk, ".well-known/x"), "shorter");
    write(join(both.disk, "f/foreign"), "foreign");
    expect(shown(await both.check())).toEqual([
      "missing .htaccess",
      "size .well-known/x",
      "missing e",
      "missing f/.g/h",
    ]);
  });

  test("asks LIST servers for the times of what was sent, and of nothing else", async () => {
    await using both = await pair(["a", "b", "c"], NO_MACHINE_LISTING);
    for (const path of ["a", "b"]) utimesSync(join(both.disk, path), SECONDS + 60, SECONDS + 60);
    expect(shown(await both.check({ manifest: sent(["a", "c"]) }))).toEqual(["time a"]);
    const asked = both.server.commands.filter(({ text }) => text.startsWith("MDTM")).map(({ text }) => text.at(-1));
    expect(asked.sort()).toEqual(["a", "c"]);
  });

  test("changes nothing: no command that writes is sent", async () => {
    await using both = await pair(["a", "b/c"]);
    rmSync(join(both.disk, "a"));
    await both.check({ delete: "all", checksum: true });
    const verbs = new Set(both.server.commands.map(({ text }) => text.split(" ")[0]));
    for (const verb of ["STOR", "APPE", "MKD", "RMD", "DELE", "RNFR", "RNTO", "MFMT", "SITE"]) {
      expect(verbs.has(verb)).toBe(false);
    }
  });

  test("asks for many missing files in few round trips", async () => {
    await using both = await pair([], { latencyMs: 200 });
    for (let index = 0; index < 200; index++) write(join(both.folder, `f/${index}`), "x");
    mkdirSync(join(both.disk, "f"));
    expect((await both.check()).differences).toHaveLength(200);
    const askedAtMs = both.server.commands.flatMap(({ text, atMs }) => (/^MLST .*f\/\d/.test(text) ? [atMs] : []));
    // One after the other, on four sessions, would take 10 s.
    expect(Math.max(...askedAtMs) - Math.min(...askedAtMs)).toBeLessThan(5000);
  });

  test("does not ask for what lies in a folder that is not there", async () => {
    await using both = await pair([]);
    for (const path of ["f/1", "f/g/2"]) write(join(both.folder, path), "x");
    expect(shown(await both.check())).toEqual(["missing f", "missing f/1", "missing f/g", "missing f/g/2"]);
    const asked = both.server.commands.filter(({ text }) => text.startsWith("MLST "));
    expect(asked.map(({ text }) => text.replace(/.*case-\d+\/?/, ""))).toEqual(["", "f"]);
  });

  test.each<{ name: string; options: EmbeddedServerOptions; here: string[]; want: string[] }>([
    {
      name: "one of two names that differ in case only",
      options: { caseInsensitive: true },
      here: ["A.txt"],
      want: ["altered A.txt"],
    },
    {
      name: "a name the server stores otherwise",
      options: { alterName: (name) => name.replace(/ $/, "_") },
      here: ["end "],
      want: ["altered end "],
    },
  ])("$name is not taken for in sync", async ({ options, here, want }) => {
    await using both = await pair(["a.txt", "end_"], options);
    for (const path of here) write(join(both.folder, path), "12345");
    expect(shown(await both.check())).toEqual(want);
  });

  test("a file that arrives between the listing and the question is no difference", async () => {
    await using both = await pair(["a"]);
    write(join(both.folder, "b"), "b");
    both.server.inject({ command: "MLST", path: /\/b$/, stallMs: 200, when: "before" });
    const checking = both.check();
    while (!both.server.commands.some(({ text }) => /^MLST .*\/b$/.test(text))) await Bun.sleep(5);
    write(join(both.disk, "b"), "b");
    expect(shown(await checking)).toEqual([]);
  });

  test("a link on the site is another type, a link here is left out", async () => {
    await using both = await pair(["a"]);
    write(join(both.folder, "b"), "a");
    symlinkSync("a", join(both.disk, "b"));
    symlinkSync("a", join(both.folder, "c"));
    expect(shown(await both.check())).toEqual(["type b"]);
  });

  test("a remote folder that is missing makes all of it missing; one that was there before is a failure as well", async () => {
    await using both = await pair(["a"]);
    rmSync(both.disk, { recursive: true });
    expect(shown(await both.check())).toEqual(["missing ", "missing a"]);
    const status = { told: [], completedPassAt: "2026-11-22T07:20:01.000Z" };
    expect(shown(await both.check({ status }))).toEqual(["missing ", "missing a", "failed missing"]);
  });

  test("an emptied FOLDER is told, beside all that is no longer in it", async () => {
    await using both = await pair(["a"]);
    rmSync(join(both.folder, "a"));
    const report = await both.check({ manifest: sent(["a"]) });
    expect({ shown: shown(report), distrust: report.distrust }).toEqual({ shown: ["extra a"], distrust: "empty" });
  });

  test("miroir's temporary files on the site are mentioned, and no differences", async () => {
    await using both = await pair(["f/a"]);
    write(join(both.disk, "f/.miroir-0123"), "half");
    mkdirSync(join(both.disk, ".miroir-4567"));
    const report = await both.check({ delete: "all" });
    expect({ shown: shown(report), leftovers: report.leftovers }).toEqual({
      shown: [],
      leftovers: [".miroir-4567", "f/.miroir-0123"],
    });
  });
});

describe("check() when the server does not answer as it should", () => {
  test("a folder that may not be listed is not compared, and the others are", async () => {
    await using both = await pair(["a", "f/b", "f/g/c", "h/d"]);
    both.server.inject({ command: "MLSD", path: /\/f$/, reply: "550 Permission denied", times: 9 });
    write(join(both.folder, "f/new"), "x");
    write(join(both.folder, "h/new"), "x");
    // What answers by name is compared all the same.
    write(join(both.disk, "f/b"), "12");
    expect(shown(await both.check())).toEqual(["size f/b", "missing h/new", "unchecked f refused"]);
  });

  test("a listing that breaks off is asked for again", async () => {
    await using both = await pair(["a", "f/b"]);
    both.server.inject({ command: "MLSD", path: /\/f$/, drop: "data", when: "during" });
    expect(shown(await both.check())).toEqual([]);
  });

  test.each([
    { name: "a listing", command: "MLSD", path: /\/f$/ },
    { name: "a question", command: "MLST", path: /\/f\/new$/ },
  ])("a connection that is lost over $name again and again ends it, and is no difference", async (fault) => {
    await using both = await pair(["a", "f/b"]);
    write(join(both.folder, "f/new"), "x");
    const { command, path } = fault;
    both.server.inject({ command, path, drop: "both", when: "before", times: 99 });
    expect(shown(await both.check())).toEqual(["failed connection"]);
  });

  test("a server that stumbles over many questions at once is asked one at a time", async () => {
    await using both = await pair([]);
    for (const path of ["1", "2", "3"]) write(join(both.folder, path), "x");
    both.server.inject({ command: "MLST", path: /\/2$/, drop: "both", when: "before" });
    expect(shown(await both.check())).toEqual(["missing 1", "missing 2", "missing 3"]);
  });

  test("a login that is refused ends it", async () => {
    await using both = await pair(["a"]);
    both.server.inject({ command: "PASS", reply: "530 Login incorrect", times: 9 });
    expect(shown(await both.check())).toEqual(["failed login"]);
  });
});

describe("check() with checksums", () => {
  test.each<{ name: string; options: EmbeddedServerOptions; readsBack: string[] }>([
    { name: "by reading back", options: {}, readsBack: ["a", "b", "f/c d"] },
    { name: "by the server's hash", options: { features: { xsha1: true } }, readsBack: ["b", "f/c d"] },
  ])("$name finds other contents of the same size and time", async ({ options, readsBack }) => {
    await using both = await pair(["a", "b", "f/c d"], options);
    write(join(both.disk, "b"), "B");
    const { differences } = await both.check({ checksum: true, manifest: sent(["a", "b", "f/c d"]) });
    expect(differences).toEqual([
      {
        path: "b",
        kind: "content",
        local: expect.objectContaining({ sizeBytes: 1, hash: "sha1:e9d71f5ee7c92d6dc9e92ffdad17b8bd49418f98" }),
        remote: expect.objectContaining({ sizeBytes: 1, hash: "sha1:ae4f281df5a5d0ff3cad6371f76d5c29b6d953ec" }),
      },
    ]);
    const read = both.server.commands.flatMap(({ text }) => /^RETR .*case-\d+\/(.*)/.exec(text)?.[1] ?? []);
    expect(read.sort()).toEqual(readsBack);
  });

  test("a hash of the server that is out of date is not believed", async () => {
    await using both = await pair(["a"], { features: { xsha1: true } });
    both.server.inject({ command: "XSHA1", reply: `250 ${"0".repeat(40)}`, times: 9 });
    expect(shown(await both.check({ checksum: true }))).toEqual([]);
  });

  test("a file that is only dated otherwise keeps that difference, one that is other in both has the greater", async () => {
    await using both = await pair(["a", "b"]);
    write(join(both.disk, "b"), "B");
    for (const path of ["a", "b"]) utimesSync(join(both.disk, path), SECONDS + 60, SECONDS + 60);
    expect(shown(await both.check({ checksum: true, manifest: sent(["a", "b"]) }))).toEqual(["time a", "content b"]);
  });

  test.each<{ name: string; fault: FaultEffect; times?: number; want: string[] }>([
    { name: "refused", fault: { reply: "550 Permission denied" }, want: ["unchecked a refused"] },
    { name: "broken off once", fault: { drop: "data", when: "during" }, times: 1, want: [] },
    { name: "broken off always", fault: { drop: "both", when: "during" }, want: ["failed connection"] },
  ])("a file whose reading is $name", async ({ fault, times = 99, want }) => {
    await using both = await pair(["a", "b"]);
    both.server.inject({ command: "RETR", path: /a$/, times, ...fault });
    expect(shown(await both.check({ checksum: true }))).toEqual(want);
  });

  test.each([
    { name: "shorter", content: "" },
    { name: "longer", content: "a and more" },
  ])("a file that comes $name than the server told is not compared", async ({ content }) => {
    await using both = await pair(["a", "b"]);
    both.server.inject({ command: "RETR", path: /a$/, stallMs: 200, when: "before" });
    const checking = both.check({ checksum: true });
    while (!both.server.commands.some(({ text }) => /^RETR .*a$/.test(text))) await Bun.sleep(5);
    write(join(both.disk, "a"), content);
    expect(shown(await checking)).toEqual(["unchecked a size"]);
  });
});
