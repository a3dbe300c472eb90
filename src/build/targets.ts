/** What is built for whom, by the name that `--target` takes. */
export const TARGETS = {
  "linux-x64": "bun-linux-x64",
  "linux-arm64": "bun-linux-arm64",
  "linux-x64-musl": "bun-linux-x64-musl",
  "windows-x64": "bun-windows-x64",
  "darwin-x64": "bun-darwin-x64",
  "darwin-arm64": "bun-darwin-arm64",
} as const satisfies Record<string, Bun.Build.CompileTarget>;

export type Target = keyof typeof TARGETS;

export const TARGET_NAMES = Object.keys(TARGETS) as Target[];

export function isTarget(name: string): name is Target {
  return Object.hasOwn(TARGETS, name);
}

/** The executable's file in dist: that of a target, or of this system. */
export function executableName(target: Target | undefined, platform: NodeJS.Platform): string {
  const isWindows = target === undefined ? platform === "win32" : target.startsWith("windows-");
  return `miroir${target === undefined ? "" : `-${target}`}${isWindows ? ".exe" : ""}`;
}

/** The file in dist that people download. */
export function archiveName(target: Target): string {
  return `miroir-${target}${target.startsWith("windows-") ? ".zip" : ".tar.gz"}`;
}
