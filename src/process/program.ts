/** By these the runtime that is part of this program lets somebody else's code run in it, or instead of it. */
export const RUNTIME_VARIABLES = ["BUN_OPTIONS", "BUN_BE_BUN"];

/** Those of them that are set: names on Windows have no case. */
export function runtimeVariablesIn(env: Readonly<Record<string, string | undefined>>): string[] {
  return Object.keys(env).filter((name) => RUNTIME_VARIABLES.includes(name.toUpperCase()) && env[name] !== "");
}

/** How this very program is started: the executable, or the runtime and the file it was given. */
export function ownCommand(): [program: string, ...args: string[]] {
  return Bun.isStandaloneExecutable ? [process.execPath] : [process.execPath, Bun.main];
}
