import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { LockedError, StateError } from "../../src/state/errors.ts";
import { acquireLock, lockHolder } from "../../src/state/lock.ts";

const source = join(import.meta.dir, "../../src/state/lock.ts");
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "miroir-lock-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A process that tells "held", or the name of the error, and then stays; it keeps no hand on its lock. */
function startHolder() {
  const script = `
    const { acquireLock } = await import(${JSON.stringify(source)});
    try { await acquireLock(${JSON.stringify(folder)}); Bun.gc(true); console.log("held"); } catch (error) { console.log(error.name); }
    setInterval(() => {}, 1000);`;
  return Bun.spawn([process.execPath, "-e", script], { stdout: "pipe", stderr: "inherit" });
}

async function firstLine(child: ReturnType<typeof startHolder>): Promise<string> {
  const { value } = await child.stdout.getReader().read();
  return new TextDecoder().decode(value).trim();
}

describe("acquireLock()", () => {
  test("refuses a second process, naming the holder, until the holder is killed", async () => {
    const holder = startHolder();
    try {
      expect(await firstLine(holder)).toBe("held");
      const error = await acquireLock(folder).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(LockedError);
      expect((error as LockedError).holder?.pid).toBe(holder.pid);
      expect((error as LockedError).message).toContain(`process ${holder.pid} on `);
      expect(lockHolder(folder)).toMatchObject({ pid: holder.pid });
    } finally {
      holder.kill("SIGKILL");
      await holder.exited;
    }
    expect(lockHolder(folder)).toBeUndefined();
    (await acquireLock(folder)).release();
  });

  test("keeps another process out while this one holds", async () => {
    const lock = await acquireLock(folder);
    const other = startHolder();
    try {
      expect(await firstLine(other)).toBe("LockedError");
    } finally {
      other.kill("SIGKILL");
      await other.exited;
    }
    lock.release();
  });

  test("refuses a second time in one process, under another name of the folder too", async () => {
    const lock = await acquireLock(folder);
    const parent = `${folder}-alias`;
    const alias = join(parent, basename(folder));
    symlinkSync(dirname(folder), parent, "junction");
    try {
      await expect(acquireLock(folder)).rejects.toBeInstanceOf(LockedError);
      await expect(acquireLock(alias)).rejects.toBeInstanceOf(LockedError);
      expect(lockHolder(folder)).toMatchObject({ pid: process.pid });
    } finally {
      rmSync(parent);
    }
    lock.release();
    const again = await acquireLock(folder);
    lock.release();
    await expect(acquireLock(folder)).rejects.toBeInstanceOf(LockedError);
    again.release();
  });

  test("is not disturbed by a look at the holder", async () => {
    for (let round = 0; round < 20; round++) {
      const lock = await acquireLock(folder);
      lock.release();
      expect(lockHolder(folder)).toBeUndefined();
    }
    expect(existsSync(join(folder, "owner.json"))).toBe(false);
  });

  test("names --state-dir where nothing can be locked", async () => {
    writeFileSync(join(folder, "lock.db"), "x".repeat(4096));
    const error = await acquireLock(folder).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(StateError);
    expect((error as StateError).kind).toBe("unusable");
    expect((error as StateError).message).toContain("Choose a folder on a local disk with --state-dir");
  });

  test.skipIf(process.platform === "win32")("advises to make it writable where that is what lacks", async () => {
    (await acquireLock(folder)).release();
    chmodSync(join(folder, "lock.db"), 0o400);
    chmodSync(folder, 0o755);
    // Root may write everything.
    const isRoot = process.getuid?.() === 0;
    if (isRoot) process.seteuid?.(65534);
    try {
      await expect(acquireLock(folder)).rejects.toThrow("Make it writable, or choose another place with --state-dir");
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  });

  test.each(["its file", "its folder"])("follows no link in the place of %s", async (what) => {
    if (what === "its folder") {
      const link = join(folder, "link");
      symlinkSync(folder, link, "junction");
      return expect(acquireLock(link)).rejects.toMatchObject({ kind: "unusable" });
    }
    writeFileSync(join(folder, "other"), "");
    symlinkSync(join(folder, "other"), join(folder, "lock.db"));
    await expect(acquireLock(folder)).rejects.toBeInstanceOf(StateError);
  });
});

test("lockHolder() of a folder that was never locked is nobody, and creates nothing", () => {
  expect(lockHolder(folder)).toBeUndefined();
  expect(existsSync(join(folder, "lock.db"))).toBe(false);
  expect(lockHolder(join(folder, "none"))).toBeUndefined();
});
