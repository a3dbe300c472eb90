import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLog, type Log, type LogOptions } from "../../src/report/log.ts";
import { LogOpenError } from "../../src/report/log-file.ts";
import { createTerminal } from "../../src/report/terminal.ts";

let folder: string;
let file: string;
let nowMs: number;
let failures: string[];
let logs: Log[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "miroir-log-"));
  file = join(folder, "miroir.log");
  nowMs = Date.UTC(2026, 10, 22, 7, 20, 1, 123);
  failures = [];
  logs = [];
});

afterEach(() => {
  for (const log of logs) log.close();
  rmSync(folder, { recursive: true, force: true });
});

function open(options: Partial<LogOptions> = {}): Log {
  const log = createLog({
    file,
    format: "text",
    now: () => new Date(nowMs),
    debug: false,
    secrets: [],
    logSizeBytes: 0,
    logKeep: 5,
    onLogFailure: (message) => failures.push(message),
    later: (callback) => callback(),
    ...options,
  });
  logs.push(log);
  return log;
}

const upload = (path: string) => ({ event: "upload", path }) as const;
const stamp = "2026-11-22T07:20:01.123Z INFO  upload   ";
const pathsIn = (name: string) =>
  readFileSync(name, "utf8")
    .replaceAll(/.* upload {3}/g, "")
    .split("\n")
    .slice(0, -1);

describe("createLog()", () => {
  test("appends to what is there, with mode 0640 when it creates", () => {
    open().info(upload("a"));
    open().info(upload("b"));
    expect(readFileSync(file, "utf8")).toBe(`${stamp}a\n${stamp}b\n`);
    if (process.getuid) expect(statSync(file).mode & 0o137).toBe(0);
  });

  test("begins a new line behind half a one", () => {
    writeFileSync(file, "half");
    open().info(upload("a"));
    expect(readFileSync(file, "utf8")).toBe(`half\n${stamp}a\n`);
  });

  test("writes every one of many equal records, also when the clock is set back", () => {
    const log = open();
    for (let round = 0; round < 50; round++) {
      nowMs -= 1000;
      log.info(upload("a"));
    }
    expect(pathsIn(file)).toHaveLength(50);
  });

  test("writes debug records only with debug", () => {
    const ftp = { event: "ftp", detail: "> PASS hunter2" } as const;
    open().debug(ftp);
    expect(readFileSync(file, "utf8")).toBe("");
    open({ debug: true, secrets: ["hunter2"] }).debug(ftp);
    expect(readFileSync(file, "utf8")).toBe("2026-11-22T07:20:01.123Z DEBUG ftp      > PASS ***\n");
  });

  test("writes records that consola would take for its own", () => {
    open({ format: "json" }).info({ event: "warn", message: "m", args: "a", type: "error", tag: "t" });
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({
      level: "info",
      message: "m",
      args: "a",
      type: "error",
    });
  });

  test.each([
    { name: "in a folder that does not exist", make: () => join(folder, "none", "x.log"), says: "Create the folder" },
    { name: "that is a folder", make: () => folder, says: "Choose another file" },
  ])("throws LogOpenError for a file $name", ({ make, says }) => {
    const place = make();
    expect(() => open({ file: place })).toThrow(LogOpenError);
    expect(() => open({ file: place })).toThrow(says);
    expect(() => open({ file: place })).toThrow(JSON.stringify(place));
  });
});

describe("lines that come together", () => {
  /** A log that writes when it is told to. */
  function openSlow(options: Partial<LogOptions> = {}) {
    const due: (() => void)[] = [];
    const log = open({ later: (callback) => due.push(callback), ...options });
    const comeRound = () => {
      for (const callback of due.splice(0)) callback();
    };
    return { log, comeRound };
  }

  test("are written together, in order, when the event loop comes round", () => {
    const { log, comeRound } = openSlow();
    for (const path of ["a", "b", "c"]) log.info(upload(path));
    expect(pathsIn(file)).toEqual([]);
    comeRound();
    expect(pathsIn(file)).toEqual(["a", "b", "c"]);
    log.info(upload("d"));
    comeRound();
    expect(pathsIn(file)).toEqual(["a", "b", "c", "d"]);
  });

  test("are rotated where each by itself would be", () => {
    const { log, comeRound } = openSlow({ logSizeBytes: 2 * `${stamp}a\n`.length, logKeep: 2 });
    for (const path of ["a", "b", "c", "d", "e", "f", "g"]) log.info(upload(path));
    comeRound();
    expect([pathsIn(file), pathsIn(`${file}.1`), pathsIn(`${file}.2`)]).toEqual([["g"], ["e", "f"], ["c", "d"]]);
  });

  test("are written by close() when it comes first", () => {
    const { log, comeRound } = openSlow();
    log.info(upload("a"));
    log.close();
    comeRound();
    expect(pathsIn(file)).toEqual(["a"]);
  });

  test.if(process.platform === "linux")("are written as far as there is room for whole ones", () => {
    const script = `
      import { createLog } from ${JSON.stringify(join(import.meta.dir, "../../src/report/log.ts"))};
      const log = createLog({ file: ${JSON.stringify(file)}, format: "text", now: () => new Date(0), debug: false,
        secrets: [], logSizeBytes: 0, logKeep: 1, onLogFailure: (message) => console.log(message) });
      for (const name of ["a", "b", "c"]) log.info({ event: "upload", path: name.repeat(400) });
      log.close();`;
    const limited = `trap '' XFSZ; ulimit -f 1; exec "$0" -e "$1"`;
    const { stdout } = Bun.spawnSync(["bash", "-c", limited, process.execPath, script], { cwd: folder });
    expect(pathsIn(file)).toEqual(["a".repeat(400), "b".repeat(400)]);
    expect(stdout.toString().split("\n")).toEqual([
      expect.stringMatching(/^Cannot write the log .*miroir\.log": /),
      "",
    ]);
  });
});

describe("a log that others touch", () => {
  test.each([
    { name: "renamed", act: () => renameSync(file, `${file}.old`) },
    { name: "removed", act: () => rmSync(file) },
  ])("is begun anew within a second when it was $name", ({ act }) => {
    const log = open();
    log.info(upload("a"));
    act();
    log.info(upload("b"));
    nowMs += 1001;
    log.info(upload("c"));
    expect(pathsIn(file)).toEqual(["c"]);
    expect(failures).toEqual([]);
  });

  test("is told once when its folder is gone, and written again when it is back", () => {
    const log = open();
    log.info(upload("a"));
    rmSync(folder, { recursive: true });
    for (let round = 0; round < 5; round++) {
      nowMs += 1001;
      log.info(upload("b"));
    }
    expect(failures).toHaveLength(1);
    expect(failures[0]).toStartWith(`Cannot reopen the log ${JSON.stringify(file)}: it does not exist (ENOENT). `);
    mkdirSync(folder);
    nowMs += 1001;
    log.info(upload("c"));
    expect(pathsIn(file)).toEqual(["c"]);
    expect(failures).toHaveLength(1);
  });
});

describe("rotation", () => {
  const lineBytes = `${stamp}a\n`.length;

  test("happens before the size is passed, and keeps logKeep files", () => {
    const log = open({ logSizeBytes: 2 * lineBytes, logKeep: 2 });
    for (const path of ["a", "b", "c", "d", "e", "f", "g"]) log.info(upload(path));
    expect([pathsIn(file), pathsIn(`${file}.1`), pathsIn(`${file}.2`)]).toEqual([["g"], ["e", "f"], ["c", "d"]]);
    expect(readdirSync(folder)).toHaveLength(3);
  });

  test("counts what stood in the file before", () => {
    open().info(upload("a"));
    open({ logSizeBytes: lineBytes }).info(upload("b"));
    expect([pathsIn(file), pathsIn(`${file}.1`)]).toEqual([["b"], ["a"]]);
  });

  test("keeps no old file with logKeep 0", () => {
    const log = open({ logSizeBytes: lineBytes, logKeep: 0 });
    for (const path of ["a", "b"]) log.info(upload(path));
    expect(pathsIn(file)).toEqual(["b"]);
    expect(readdirSync(folder)).toHaveLength(1);
  });

  test("never happens for a line longer than the size in an empty file", () => {
    open({ logSizeBytes: 10 }).info(upload("a"));
    expect(readdirSync(folder)).toEqual(["miroir.log"]);
  });

  test("is done once by two logs of one file", () => {
    const [one, two] = [open({ logSizeBytes: 2 * lineBytes }), open({ logSizeBytes: 2 * lineBytes })];
    one.info(upload("a"));
    two.info(upload("b"));
    nowMs += 1001;
    one.info(upload("c"));
    two.info(upload("d"));
    expect([pathsIn(`${file}.1`), existsSync(`${file}.2`)]).toEqual([["a", "b"], false]);
    expect(pathsIn(file)).toContain("c");
  });

  test("that fails is told once, and the log goes on", () => {
    mkdirSync(`${file}.1`);
    writeFileSync(join(`${file}.1`, "x"), "");
    const log = open({ logSizeBytes: lineBytes, logKeep: 1 });
    for (const path of ["a", "b", "c"]) log.info(upload(path));
    nowMs += 120_000;
    log.info(upload("d"));
    expect(pathsIn(file)).toEqual(["a", "b", "c", "d"]);
    expect(failures).toEqual([expect.stringMatching(/^Cannot rotate the log /)]);
  });
});

const posix = process.getuid !== undefined;

describe.if(posix && existsSync("/dev/full"))("a device or pipe", () => {
  test("that is full never throws and is told once", () => {
    const log = open({ file: "/dev/full", logSizeBytes: 10 });
    for (let round = 0; round < 5; round++) log.info(upload("a"));
    expect(failures).toEqual([
      'Cannot write the log "/dev/full": the disk is full (ENOSPC). The mirror goes on without it. Free space there',
    ]);
  });

  test("is opened and written without a reader, until it is full; a reader starts it again", () => {
    const pipe = join(folder, "pipe");
    Bun.spawnSync(["mkfifo", pipe]);
    const log = open({ file: pipe, logSizeBytes: 10 });
    log.info(upload("a"));
    expect(failures).toEqual([]);
    const startedAt = performance.now();
    for (let round = 0; round < 3000; round++) log.info(upload("b"));
    expect(performance.now() - startedAt).toBeLessThan(3000);
    expect(failures).toEqual([expect.stringContaining("Start its reader again")]);
    const read = Bun.spawnSync(["dd", `if=${pipe}`, "bs=1000000", "count=1"], { stderr: "ignore" });
    expect(read.stdout.toString()).toStartWith(`${stamp}a\n${stamp}b\n`);
    log.info(upload("c"));
    expect(Bun.spawnSync(["dd", `if=${pipe}`, "bs=1000000", "count=1"], { stderr: "ignore" }).stdout.toString()).toBe(
      `${stamp}c\n`,
    );
    expect(failures).toHaveLength(1);
    expect(readdirSync(folder)).toEqual(["pipe"]);
  });
});

describe("createTerminal()", () => {
  function shown(options: { quiet?: boolean; color?: boolean; file?: string | undefined } = {}) {
    let out = "";
    let err = "";
    const terminal = createTerminal({
      stdout: { write: (text) => (out += text) },
      stderr: { write: (text) => (err += text) },
      quiet: options.quiet ?? false,
      color: options.color ?? false,
    });
    const log = open({ terminal, debug: true, ...("file" in options && { file: options.file }) });
    log.debug({ event: "ftp", detail: "> NOOP" });
    log.info({ event: "mkdir", path: "d/" });
    log.info({ event: "adopt", path: "x", terminal: false });
    log.warn({ event: "warn", detail: "Not encrypted" });
    log.error({ event: "fail", path: "a\nb", detail: "no" });
    return { out, err };
  }

  test("shows movements on stdout, warnings and errors on stderr, debug nowhere", () => {
    expect(shown()).toEqual({ out: "mkdir    d/\n", err: "miroir: Not encrypted\nmiroir: a\\nb: no\n" });
    expect(readFileSync(file, "utf8").split("\n")).toHaveLength(6);
  });

  test("shows only errors when quiet", () => {
    expect(shown({ quiet: true })).toEqual({ out: "", err: "miroir: a\\nb: no\n" });
  });

  test("works without a log file", () => {
    expect(shown({ file: undefined }).out).toBe("mkdir    d/\n");
    expect(readdirSync(folder)).toEqual([]);
  });

  test("colours its prefix only", () => {
    expect(shown({ color: true }).err).toBe(
      "\x1b[33mmiroir:\x1b[39m Not encrypted\n\x1b[31mmiroir:\x1b[39m a\\nb: no\n",
    );
  });

  test("that is gone never throws into the caller", () => {
    const gone = {
      write: () => {
        throw new Error("EPIPE");
      },
    };
    const log = open({ terminal: createTerminal({ stdout: gone, stderr: gone, quiet: false, color: false }) });
    log.info(upload("a"));
    log.error(upload("b"));
    expect(readFileSync(file, "utf8").split("\n")).toHaveLength(3);
  });
});

test("createLog() on standard output writes there and shows no movements twice", async () => {
  const script = `
    import { createLog } from ${JSON.stringify(join(import.meta.dir, "../../src/report/log.ts"))};
    import { createTerminal, descriptorSink } from ${JSON.stringify(join(import.meta.dir, "../../src/report/terminal.ts"))};
    const terminal = createTerminal({ stdout: descriptorSink(1), stderr: descriptorSink(2), quiet: false, color: false });
    const log = createLog({ file: "-", format: "json", now: () => new Date(0), terminal, debug: false, secrets: [],
      logSizeBytes: 10, logKeep: 1, onLogFailure() {} });
    for (let n = 0; n < 20000; n++) log.info({ event: "upload", path: "p" + n });
    log.warn({ event: "warn", detail: "w" });
    log.close();
    process.exit(0);`;
  const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe", stderr: "pipe", cwd: folder });
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  const lines = out.split("\n").slice(0, -1);
  expect(lines).toHaveLength(20001);
  expect(JSON.parse(lines[19999] ?? "")).toMatchObject({ event: "upload", path: "p19999" });
  expect(err).toBe("miroir: w\n");
  expect(readdirSync(folder)).toEqual([]);
});
