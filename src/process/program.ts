import { RUNTIME_VARIABLES } from "../service/definition.ts";

/** Those of the runtime's variables that are set: names on Windows have no case. */
export function runtimeVariablesIn(env: Readonly<Record<string, string | undefined>>): string[] {
  return Object.keys(env).filter((name) => RUNTIME_VARIABLES.includes(name.toUpperCase()) && env[name] !== "");
}

/** How this very program is started: the executable, or the runtime and the file it was given. */
export function ownCommand(): [program: string, ...args: string[]] {
  return Bun.isStandaloneExecutable ? [process.execPath] : [process.execPath, Bun.main];
}
