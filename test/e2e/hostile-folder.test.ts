import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { EmbeddedServer } from "../servers/embedded.ts";
import { createSandbox } from "./sandbox.ts";

const SECRET = "the content of a file outside FOLDER\n";
const sha1Of = (text: string) => createHash("sha1").update(text).digest("hex");

function expectNoSecret(server: EmbeddedServer): void {
  expect(server.visitor.journal.filter(({ sha1 }) => sha1 === sha1Of(SECRET))).toEqual([]);
  for (const name of readdirSync(server.root, { recursive: true, withFileTypes: true })) {
    if (name.isFile()) expect(readFileSync(join(name.parentPath, name.name), "utf8")).not.toContain(SECRET);
  }
}

describe("what takes the place of a file while it is mirrored", () => {
  test.each([
    "file",
    "folder",
  ])("is never followed out of FOLDER: a %s and a link change places all the time", async (what) => {
    await using sandbox = createSandbox();
    const server = await sandbox.embedded();
    const outside = join(sandbox.root, "outside");
    mkdirSync(outside);
    for (let index = 0; index < 30; index++) {
      writeFileSync(join(outside, `${index}.txt`), SECRET);
      sandbox.write(`sub/${index}.txt`, `harmless ${index}`);
    }
    // Both lie ready in another place; a rename takes one away and puts the other there.
    const place = what === "folder" ? sandbox.path("sub") : sandbox.path("sub/7.txt");
    const link = join(sandbox.root, "link");
    const real = join(sandbox.root, "real");
    symlinkSync(what === "folder" ? outside : join(outside, "7.txt"), link);
    let isOver = false;
    let swaps = 0;
    const swapping = (async () => {
      while (!isOver) {
        renameSync(place, real);
        renameSync(link, place);
        await Bun.sleep(Math.random() * 4);
        renameSync(place, link);
        renameSync(real, place);
        await Bun.sleep(Math.random() * 4);
        swaps++;
      }
    })();
    for (let round = 0; round < 6; round++) {
      for (let index = 0; index < 30; index++) {
        // Behind a link it would write outside.
        if (what === "file" && index !== 7) sandbox.write(`sub/${index}.txt`, `harmless ${index} ${round}`);
      }
      const { code } = await sandbox.sync(
        server,
        "--checksum",
        "--retries",
        "0",
        "--verify",
        "100ms",
        "--max-delete",
        "none",
      );
      expect([0, 1]).toContain(code);
      expectNoSecret(server);
    }
    isOver = true;
    await swapping;
    expect(swaps).toBeGreaterThan(20);
    expect((await sandbox.sync(server, "--max-delete", "none")).code).toBe(0);
    expect(sandbox.unequal(server)).toEqual([]);
    rmSync(link);
  });
});

test("names with line breaks never become another command", async () => {
  await using sandbox = createSandbox();
  const server = await sandbox.embedded();
  sandbox.write("good.txt", "good");
  const names = [
    "a\r\nDELE good.txt",
    "b\nRMD www",
    "c\rSITE CHMOD 777 good.txt",
    "\r\n",
    "d\r\nDELE good.txt\r\n/e.txt",
  ];
  for (const name of names) sandbox.write(name, "bad");
  expect((await sandbox.sync(server)).code).toBe(1);
  sandbox.write("new\nfolder/new.txt", "x");
  expect((await sandbox.sync(server, "--delete", "all")).code).toBe(1);
  expect(server.commands.filter(({ text }) => /^(DELE good|RMD www|SITE CHMOD 777)/.test(text))).toEqual([]);
  expect([
    ...new Set(
      server.transfers.filter(({ isComplete }) => isComplete).map(({ path }) => path.replace(/\.miroir-\w+/, "TMP")),
    ),
  ]).toEqual(["www/TMP"]);
  expect(readdirSync(join(server.root, "www"))).toEqual(["good.txt"]);
});
