/** What is to run by itself, in the terms that all three systems share. */
export interface ServiceDefinition {
  /** The mirror's id, as `miroir status` shows it. */
  id: string;
  /** In one line: `Mirrors FOLDER to SITE (profile NAME)`. */
  description: string;
  /** The program and its arguments. */
  command: readonly [program: string, ...args: string[]];
  /** How often a `sync` is begun; undefined for a `watch` that begins at log-on. */
  everyMs: number | undefined;
  /** The account: `DOMAIN\NAME` on Windows. */
  user: string;
  /** The account's home, absolute. */
  home: string;
}

export const SERVICE_PLATFORMS = ["windows", "systemd", "launchd"] as const;
export type ServicePlatform = (typeof SERVICE_PLATFORMS)[number];

/** A service that is there. */
export interface InstalledService {
  id: string;
  description: string;
}

/**
 * A watch that ends with one of these is not started again: the command line (2), the login (4) or a second miroir (6)
 * would be the same each time, and a server may lock an account after some refused logins.
 */
export const FINAL_EXIT_CODES = [2, 4, 6] as const;

export const RESTART_SECONDS = 60;

/** By these the runtime that is part of this program lets somebody else's code run in it, or instead of it. */
export const RUNTIME_VARIABLES: readonly string[] = ["BUN_OPTIONS", "BUN_BE_BUN"];

/** The name in the system's own lists. */
export function serviceName(id: string): string {
  return `miroir-${id}`;
}

export function describe(folder: string, site: string, profile: string | undefined): string {
  return `Mirrors ${folder} to ${site}${profile === undefined ? "" : ` (profile ${profile})`}`;
}

/** Whether NAME means this service: its id, its folder or its profile. `folder` is NAME as an absolute path. */
export function isNamed({ id, description }: InstalledService, name: string, folder: string): boolean {
  const isOfFolder = [name, folder].some((each) => description.startsWith(`Mirrors ${each} to `));
  return id === name || serviceName(id) === name || isOfFolder || description.endsWith(` (profile ${name})`);
}
