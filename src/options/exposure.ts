/** That other accounts may read a file. */
export interface Exposure {
  /** To whom, as the system says it: `mode 644`, `Everyone`. */
  to: string;
  /** What ends it, for a command line. */
  remedy: string;
}

/** Undefined where nobody else may read it, or the system does not tell. @param mode of its stat */
export type ExposureOf = (file: string, mode: number) => Exposure | undefined;

export function wordsOf({ to, remedy }: Exposure): string {
  return `is open to other accounts (${to}): run ${remedy}`;
}

/** By the permission bits of POSIX. */
export function exposureByMode(_file: string, mode: number): Exposure | undefined {
  if ((mode & 0o077) === 0) return undefined;
  return { to: `mode ${(mode & 0o777).toString(8).padStart(3, "0")}`, remedy: "chmod 600 on it" };
}
