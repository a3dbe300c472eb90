/** Which sources an executable was made from. Nothing of the machine or the moment is in it. */
export interface Stamp {
  /** Shortened; `+` behind it when the sources were changed since. */
  commit: string;
  /** The commit's, in UTC: 2026-11-24. */
  date: string;
  /** The same as seconds since the epoch, for the archives. */
  epochSeconds: number;
}

/** From git; undefined where there is none, as in an unpacked archive of the sources. */
export async function readStamp(root: string): Promise<Stamp | undefined> {
  const shown = await git(root, "log", "-1", "--abbrev=12", "--format=%h %ct", "--no-show-signature");
  const changes = await git(root, "status", "--porcelain", "--untracked-files=no");
  return shown === undefined || changes === undefined ? undefined : parseStamp(shown, changes);
}

export function parseStamp(shown: string, changes: string): Stamp | undefined {
  const [, hash, seconds] = /^([0-9a-f]{7,64}) (\d+)$/.exec(shown.trim()) ?? [];
  if (hash === undefined) return undefined;
  const epochSeconds = Number(seconds);
  const date = new Date(epochSeconds * 1000).toISOString().slice(0, 10);
  return { commit: changes.trim() === "" ? hash : `${hash}+`, date, epochSeconds };
}

async function git(root: string, ...args: string[]): Promise<string | undefined> {
  try {
    const child = Bun.spawn(["git", "-C", root, ...args], { stdio: ["ignore", "pipe", "ignore"] });
    const text = await new Response(child.stdout).text();
    return (await child.exited) === 0 ? text : undefined;
  } catch {
    return undefined;
  }
}
