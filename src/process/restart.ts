import { EXIT, type ExitCode } from "../report/exit.ts";
import { FINAL_EXIT_CODES, RESTART_SECONDS } from "../service/definition.ts";
import { ownCommand, runtimeVariablesIn } from "./program.ts";
import type { Stop } from "./stop.ts";

export interface RestartedProgram {
  /** The exit code; what a signal ended counts as a bug. */
  readonly ended: Promise<number>;
  kill(signal: NodeJS.Signals): void;
}

export interface RestartParts {
  start(): RestartedProgram;
  stop: Stop;
  /** One line for the terminal. */
  tell(message: string): void;
}

/**
 * Runs a watch as a program of its own and begins it anew when it failed, for systems whose services cannot tell which
 * failures are final. @returns the exit code that was final
 */
export async function keepRunning({ start, stop, tell }: RestartParts): Promise<ExitCode> {
  let program = start();
  // Ctrl-C has reached it already, with all that the terminal runs: a second signal would end it at once.
  stop.onRequest(() => stop.cause !== "SIGINT" && program.kill("SIGTERM"));
  for (;;) {
    const code = await program.ended;
    // It says itself what it ended with.
    if (stop.isRequested || isFinal(code)) return code as ExitCode;
    tell(`The watch ended with exit code ${code}: it is started again in ${RESTART_SECONDS} s`);
    await stop.sleep(RESTART_SECONDS * 1000);
    if (stop.isRequested) return EXIT.ok;
    program = start();
  }
}

function isFinal(code: number): boolean {
  return code === EXIT.ok || (FINAL_EXIT_CODES as readonly number[]).includes(code);
}

/** The program that was started with `argv`, once more, and this time the watch itself. */
export function startWatch(argv: readonly string[]): RestartedProgram {
  const env = { ...process.env };
  // Task Scheduler cannot take them away: whatever they did to this process, the watch itself is without them.
  for (const name of runtimeVariablesIn(env)) delete env[name];
  const command = [...ownCommand(), ...withoutRestart(argv)];
  const child = Bun.spawn(command, { env, stdio: ["inherit", "inherit", "inherit"] });
  return { ended: child.exited, kill: (signal) => child.kill(signal) };
}

/** It must not start watches in turn. */
export function withoutRestart(argv: readonly string[]): string[] {
  const end = argv.indexOf("--");
  const isRestart = (argument: string, index: number) => /^--restart(?:=|$)/.test(argument) && (end < 0 || index < end);
  return ["--no-restart", ...argv.filter((argument, index) => !isRestart(argument, index))];
}
