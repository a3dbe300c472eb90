/** How this very program is started: the executable, or the runtime and the file it was given. */
export function ownCommand(): [program: string, ...args: string[]] {
  return Bun.isStandaloneExecutable ? [process.execPath] : [process.execPath, Bun.main];
}
