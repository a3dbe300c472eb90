import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { maskedArguments } from "../options/argument-secrets.ts";

/** Of `/proc/self/stat`, counted from the state, the first field behind the name (proc(5), `arg_start`). */
const ARGUMENTS_START = 45;

/**
 * Takes the password out of what the process list shows of this process, where the system lets a process do that: on
 * Linux its arguments stand in its own memory, and `/proc/PID/cmdline` reads them there. Elsewhere, and where it does
 * not work, nothing happens; the password earns its warning in any case.
 */
export function hidePasswordInProcessList(platform: NodeJS.Platform): void {
  if (platform !== "linux") return;
  try {
    const shown = readFileSync("/proc/self/cmdline");
    const hidden = hiddenArguments(shown);
    if (hidden.equals(shown)) return;
    const stat = readFileSync("/proc/self/stat", "latin1");
    const startAt = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[ARGUMENTS_START]);
    const memory = openSync("/proc/self/mem", "r+");
    try {
      writeSync(memory, hidden, 0, hidden.length, startAt);
    } finally {
      closeSync(memory);
    }
  } catch {
    // A system that forbids it: the process list goes on showing what it was given.
  }
}

/** Byte by byte as long as before: NULs fill up what a mask is shorter than the secret. */
export function hiddenArguments(commandLine: Buffer): Buffer {
  // Latin 1 keeps each byte, whatever the encoding of the arguments.
  const args = commandLine.toString("latin1").split("\0");
  const masked = maskedArguments(args).map((text, index) => {
    const { length } = args[index] ?? "";
    return text.slice(0, length).padEnd(length, "\0");
  });
  return Buffer.from(masked.join("\0"), "latin1");
}
