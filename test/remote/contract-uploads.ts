import { expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Site, Uploaded, UploadJob } from "../../src/remote/site.ts";
import { jobOf, mtimeOf, openFolder, rejectionOf, sha1Of, treeOf, uploadInARow } from "./remote-folder.ts";
import type { RunningServer } from "./site-contract.ts";

const MIB = 1024 * 1024;

/** What stands under the final name, and what is left when it goes wrong. */
export function testUploads(server: RunningServer, how: "upload" | "uploads"): void {
  /** One attempt at one file, on a session lent for it alone or for all that come in a row. */
  async function send(site: Site, job: UploadJob): Promise<Uploaded> {
    if (how === "upload") return site.upload(job);
    const [result] = await uploadInARow(site, [job]);
    if (result === undefined) throw new Error(`"${job.path}" was not begun`);
    if (result instanceof Error) throw result;
    return result;
  }

  test.each([
    0,
    1,
    4096,
    5 * MIB,
  ])("upload() of %d bytes: equal content, dated, nothing left over", async (sizeBytes) => {
    await using folder = openFolder(server());
    mkdirSync(join(folder.disk, "sub"));
    const bytes = randomBytes(sizeBytes);
    const job = jobOf("sub/a.bin", bytes, { mtimeMs: 1_600_000_000_999.75 });
    const progress: number[] = [];
    job.onProgress = (sentBytes) => progress.push(sentBytes);
    const uploaded = await send(folder.site, job);
    expect(uploaded).toMatchObject({ sizeBytes, sha1: sha1Of(bytes), mtimeMs: 1_600_000_000_999.75, dated: true });
    expect(readFileSync(join(folder.disk, "sub/a.bin")).equals(bytes)).toBe(true);
    expect(mtimeOf(join(folder.disk, "sub/a.bin"))).toBe(1_600_000_000_000);
    expect(treeOf(folder.disk)).toEqual(["sub/", "sub/a.bin"]);
    expect(progress.at(-1) ?? 0).toBe(sizeBytes);
    expect(job.intents).toHaveLength(1);
    expect(job.intents[0]?.temporary).toMatch(/^sub\/\.miroir-[^/]+$/);
    expect(job.unsettled).toBeUndefined();
  });

  test(`${how}() over a file replaces content and time`, async () => {
    await using folder = openFolder(server());
    writeFileSync(join(folder.disk, "a"), "old content, which is longer");
    await send(folder.site, jobOf("a", "new"));
    expect(readFileSync(join(folder.disk, "a"), "utf8")).toBe("new");
    expect(mtimeOf(join(folder.disk, "a"))).toBe(1_600_000_000_000);
    expect(treeOf(folder.disk)).toEqual(["a"]);
  });

  test.each([
    { name: "a file that changes while it is sent", flaws: { isChanged: true }, reason: "changed", kind: "transient" },
    { name: "a read error in the middle", flaws: { failsAtBytes: MIB }, reason: "unreadable", kind: "permanent" },
    { name: "a read error at the start", flaws: { failsAtBytes: 0 }, reason: "unreadable", kind: "permanent" },
  ])("upload() of $name leaves the old content, and the session usable", async ({ flaws, reason, kind }) => {
    await using folder = openFolder(server(), { connections: 1 });
    writeFileSync(join(folder.disk, "a"), "old");
    const job = jobOf("a", randomBytes(2 * MIB), flaws);
    expect(await rejectionOf(send(folder.site, job))).toMatchObject({ reason, kind });
    expect(readFileSync(join(folder.disk, "a"), "utf8")).toBe("old");
    expect(treeOf(folder.disk)).toEqual(["a"]);
    expect(job.unsettled).toBeUndefined();
    await send(folder.site, jobOf("b", "next"));
    expect(treeOf(folder.disk)).toEqual(["a", "b"]);
  });

  test(`${how}() of content shorter than announced is "changed"`, async () => {
    await using folder = openFolder(server());
    const job = jobOf("a", "12345");
    const { open } = job;
    job.open = async () => ({ ...(await open()), sizeBytes: 6 });
    expect(await rejectionOf(send(folder.site, job))).toMatchObject({ reason: "changed" });
    expect(treeOf(folder.disk)).toEqual([]);
  });

  test(`${how}() whose local file cannot be opened sends nothing, and passes the error on`, async () => {
    await using folder = openFolder(server());
    const failure = new Error("EACCES: permission denied");
    const job = jobOf("a", "");
    job.open = () => Promise.reject(failure);
    expect(await rejectionOf(send(folder.site, job))).toBe(failure);
    expect(job.intents).toEqual([]);
    expect(treeOf(folder.disk)).toEqual([]);
  });

  test(`${how}() into a folder that vanished makes it again, and asks for another try`, async () => {
    await using folder = openFolder(server());
    expect(await rejectionOf(send(folder.site, jobOf("sub/deep/a", "x")))).toMatchObject({
      kind: "transient",
      reason: "missing",
    });
    await send(folder.site, jobOf("sub/deep/a", "x"));
    expect(treeOf(folder.disk)).toEqual(["sub/", "sub/deep/", "sub/deep/a"]);
  });

  test(`${how}() when the remote folder itself vanished makes nothing: fatal "missing"`, async () => {
    await using folder = openFolder(server(), { below: "www" });
    expect(await rejectionOf(send(folder.site, jobOf("a", "x")))).toMatchObject({ kind: "fatal", reason: "missing" });
    expect(treeOf(join(folder.disk, ".."))).toEqual([]);
  });

  test(`${how}() onto a folder is "blocked", and leaves folder and content`, async () => {
    await using folder = openFolder(server());
    mkdirSync(join(folder.disk, "a"));
    writeFileSync(join(folder.disk, "a/foreign"), "x");
    expect(await rejectionOf(send(folder.site, jobOf("a", "x")))).toMatchObject({
      kind: "permanent",
      reason: "blocked",
    });
    expect(treeOf(folder.disk)).toEqual(["a/", "a/foreign"]);
  });

  test(`${how}() of a file dated before 1970 or after 9999 leaves the server's time, and says so`, async () => {
    await using folder = openFolder(server());
    for (const [name, mtimeMs] of [
      ["old", -1e12],
      ["late", 3e14],
    ] as const) {
      expect(await send(folder.site, jobOf(name, "x", { mtimeMs }))).toMatchObject({ dated: false, mtimeMs });
    }
    expect(treeOf(folder.disk)).toEqual(["late", "old"]);
  });

  test(`${how}() in place writes the name itself, dated`, async () => {
    await using folder = openFolder(server(), { inPlace: true });
    writeFileSync(join(folder.disk, "a"), "old content, which is longer");
    const job = jobOf("a", "new");
    expect(await send(folder.site, job)).toMatchObject({ sizeBytes: 3, dated: true });
    expect(readFileSync(join(folder.disk, "a"), "utf8")).toBe("new");
    expect(mtimeOf(join(folder.disk, "a"))).toBe(1_600_000_000_000);
    expect(treeOf(folder.disk)).toEqual(["a"]);
    expect([job.intents, job.overwrites]).toEqual([[], 1]);
  });

  test(`${how}() that replaces a file keeps its permissions where listings tell them`, async () => {
    await using folder = openFolder(server());
    writeFileSync(join(folder.disk, "script.cgi"), "old");
    chmodSync(join(folder.disk, "script.cgi"), 0o755);
    await send(folder.site, { ...jobOf("script.cgi", "new"), replaces: true });
    await send(folder.site, { ...jobOf("absent", "new"), replaces: true });
    expect(readFileSync(join(folder.disk, "script.cgi"), "utf8")).toBe("new");
    const mode = statSync(join(folder.disk, "script.cgi")).mode & 0o777;
    expect(mode.toString(8)).toBe(server().kind === "vsftpd" ? "644" : "755");
  });

  test("eight uploads at once: each has its own content", async () => {
    await using folder = openFolder(server());
    const files = Array.from({ length: 8 }, (_, index) => ({
      path: `file ${index}`,
      bytes: randomBytes(200_000 + index),
    }));
    const uploads = await Promise.all(files.map(({ path, bytes }) => send(folder.site, jobOf(path, bytes))));
    expect(uploads.map(({ sha1 }) => sha1)).toEqual(files.map(({ bytes }) => sha1Of(bytes)));
    expect(treeOf(folder.disk)).toEqual(files.map(({ path }) => path));
    for (const { path, bytes } of files) expect(readFileSync(join(folder.disk, path)).equals(bytes)).toBe(true);
    expect(folder.site.parallel).toBe(4);
  });

  test("a site that was closed opens sessions again when it is used", async () => {
    await using folder = openFolder(server());
    await send(folder.site, jobOf("a", "x"));
    await folder.site.close();
    await send(folder.site, jobOf("b", "x"));
    expect(treeOf(folder.disk)).toEqual(["a", "b"]);
  });
}
