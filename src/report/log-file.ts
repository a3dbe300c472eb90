import { closeSync, fstatSync, realpathSync } from "node:fs";
import { dirname } from "node:path";
import { endsInMidLine, isSameFile, openForAppending, rotate, takeBack, writeLine } from "./log-disk.ts";
import { PlantedLinkError } from "./log-link.ts";
import { codeOf, wordsOf } from "./system-error.ts";

/** The log can't be opened at start (exit 2). */
export class LogOpenError extends Error {
  override readonly name = "LogOpenError";
}

export interface LogFile {
  /**
   * Takes one whole line. It is written when what else has come in meanwhile has been dealt with, together with the
   * lines of that; to standard output, a pipe or a device at once. Never throws.
   */
  write(line: string): void;
  /** Writes what was taken, and no more from then on. */
  close(): void;
}

export interface LogFileOptions {
  /** `-` is standard output. */
  file: string;
  /** 0: never rotated. */
  sizeLimitBytes: number;
  keep: number;
  now: () => Date;
  onFailure: (message: string) => void;
  /** Calls back in a moment. Default: when the event loop comes round. */
  later?: (callback: () => void) => void;
}

const STDOUT = 1;
const LOOK_EVERY_MS = 1000;
const ROTATE_AGAIN_MS = 60_000;
/** How long a full pipe is waited for, the first time. */
const PIPE_PATIENCE_MS = 500;
/** Lines that wait are not more than this for long. */
const MOST_WAITING_CHARACTERS = 64 * 1024;

/** Opens a log for appending; it is created with mode 0640. Throws LogOpenError. */
export function openLogFile(options: LogFileOptions): LogFile {
  const { file, sizeLimitBytes, keep, now, onFailure, later = setImmediate } = options;
  let fd: number | undefined = file === "-" ? STDOUT : openAtStart(file);
  // A device, a pipe or standard output is only written: never rotated, never looked for again.
  const isRegular = file !== "-" && fstatSync(fd).isFile();
  const place = isRegular ? realpathSync(file) : file;
  let sizeBytes = 0;
  let isTorn = false;
  let lookAtMs = 0;
  let rotateAtMs = 0;
  let waiting: string[] = [];
  let waitingCharacters = 0;
  const told = new Map<string, Set<string>>();
  if (isRegular) takeIn(fd);

  function takeIn(opened: number): void {
    fd = opened;
    sizeBytes = fstatSync(opened).size;
    isTorn = endsInMidLine(place, sizeBytes);
  }

  /** Tells each cause of one kind of failure once, until that kind succeeds again; `"again"` is neither. */
  function attempt(action: "write" | "reopen" | "rotate", call: () => unknown): boolean {
    try {
      if (call() !== "again") told.delete(action);
      return true;
    } catch (error) {
      const causes = told.get(action) ?? new Set();
      told.set(action, causes);
      if (!causes.has(codeOf(error))) {
        causes.add(codeOf(error));
        onFailure(`Cannot ${action} the log "${file}": ${wordsOf(error)}. ${remedyOf(error)}`);
      }
      return false;
    }
  }

  function close(): void {
    if (fd !== undefined && fd !== STDOUT) closeSync(fd);
    fd = undefined;
  }

  /** Others may have renamed or removed the file: then a new one is begun at its place. */
  function look(): void {
    if (fd !== undefined && isSameFile(fd, place)) {
      sizeBytes = fstatSync(fd).size;
      return;
    }
    attempt("reopen", () => {
      const opened = openForAppending(place);
      close();
      takeIn(opened);
    });
  }

  function rotateNow(nowMs: number): void {
    look();
    if (sizeBytes === 0) return;
    // Windows renames no file that is open.
    close();
    if (!attempt("rotate", () => rotate(place, keep))) rotateAtMs = nowMs + ROTATE_AGAIN_MS;
    attempt("reopen", () => takeIn(openForAppending(place)));
  }

  /** @returns whether nothing of several lines stands in the log, where some of them may still have room */
  function writeText(text: string, isSeveral = false): boolean {
    const bytes = Buffer.from(text);
    if (isRegular) {
      const nowMs = now().getTime();
      if (nowMs >= lookAtMs || nowMs < lookAtMs - LOOK_EVERY_MS) {
        lookAtMs = nowMs + LOOK_EVERY_MS;
        look();
      }
      if (sizeBytes > 0 && isTooMuch(bytes.length) && nowMs >= rotateAtMs) rotateNow(nowMs);
    }
    const target = fd;
    if (target === undefined) return false;
    const patienceMs = told.has("write") ? 0 : PIPE_PATIENCE_MS;
    let isTriedAgain = false;
    attempt("write", () => {
      const whole = isTorn ? Buffer.concat([Buffer.from("\n"), bytes]) : bytes;
      const before = { sizeBytes, isTorn };
      try {
        writeLine(target, whole, patienceMs, (written, added) => {
          sizeBytes += added;
          isTorn = whole[written - 1] !== 0x0a;
        });
      } catch (error) {
        // Half a line is none, unless others have written behind it.
        const isTakenBack = isRegular && takeBack(target, sizeBytes, before.sizeBytes);
        if (isTakenBack) ({ sizeBytes, isTorn } = before);
        isTriedAgain = isTakenBack && isSeveral;
        if (!isTriedAgain) throw error;
        return "again";
      }
    });
    return isTriedAgain;
  }

  const isTooMuch = (addedBytes: number) => sizeLimitBytes > 0 && sizeBytes + addedBytes > sizeLimitBytes;

  function writeAtOnce(lines: readonly string[]): void {
    if (writeText(lines.join(""), lines.length > 1)) for (const line of lines) writeText(line);
  }

  /** In one write, but for the places where the log has to be rotated. */
  function flush(): void {
    const lines = waiting;
    waiting = [];
    waitingCharacters = 0;
    let batch: string[] = [];
    let batchBytes = 0;
    for (const line of lines) {
      const lineBytes = Buffer.byteLength(line);
      if (batch.length > 0 && isTooMuch(batchBytes + lineBytes)) {
        writeAtOnce(batch);
        batch = [];
        batchBytes = 0;
      }
      batch.push(line);
      batchBytes += lineBytes;
    }
    if (batch.length > 0) writeAtOnce(batch);
  }

  return {
    write(line) {
      if (!isRegular) return void writeText(line);
      waiting.push(line);
      waitingCharacters += line.length;
      if (waiting.length === 1) later(flush);
      if (waitingCharacters > MOST_WAITING_CHARACTERS) flush();
    },
    close() {
      flush();
      close();
    },
  };
}

function openAtStart(file: string): number {
  try {
    return openForAppending(file);
  } catch (error) {
    const isLink = error instanceof PlantedLinkError;
    const remedy = openingRemedy(file, isLink ? "ELOOP" : codeOf(error));
    throw new LogOpenError(`Cannot open the log "${file}": ${wordsOf(error)}. ${remedy}`, { cause: error });
  }
}

function openingRemedy(file: string, code: string): string {
  switch (code) {
    case "ENOENT":
      return `Create the folder "${dirname(file)}", or choose another file with --log`;
    case "ELOOP":
      return "Give the file itself with --log";
    default:
      return "Choose another file with --log";
  }
}

function remedyOf(error: unknown): string {
  switch (codeOf(error)) {
    case "ENOSPC":
    case "EDQUOT":
      return "The mirror goes on without it. Free space there";
    case "EPIPE":
    case "EAGAIN":
      return "The mirror goes on without it. Start its reader again";
    default:
      return "The mirror goes on. Make the file and its folder writable";
  }
}
