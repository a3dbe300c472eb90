import { createHash } from "node:crypto";
import { closeSync, openSync, readdirSync, readSync } from "node:fs";
import { join } from "node:path";

/** One moment at which what a visitor of the site sees under a final name changed. */
export interface Sighting {
  atMs: number;
  /** Relative to the login folder, without a leading `/`. */
  path: string;
  /** `torn`: an upload writes onto the name itself; a second one closes an upload that broke off. */
  change: "appeared" | "replaced" | "vanished" | "torn";
  /** Of the content from then on; 0 when it vanished. */
  sizeBytes: number;
  /** Of the content from then on; `""` when it vanished. */
  sha1: string;
}

export interface Visitor {
  readonly journal: Sighting[];
  /** `real` holds whole new content under `path`. */
  stored(path: string, real: string, wasThere: boolean): void;
  torn(path: string, real: string): void;
  deleted(path: string): void;
  /** After a rename of a file or of a whole folder; `real` is its new place. */
  renamed(from: string, to: string, real: string, what: { isFolder: boolean; wasThere: boolean }): void;
}

export function createVisitor(now: () => number): Visitor {
  const journal: Sighting[] = [];

  function note(path: string, change: Sighting["change"], real?: string): void {
    if (!isFinal(path)) return;
    const content = real === undefined ? { sizeBytes: 0, sha1: "" } : contentOf(real);
    journal.push({ atMs: now(), path, change, ...content });
  }

  function stored(path: string, real: string, wasThere: boolean): void {
    note(path, wasThere ? "replaced" : "appeared", real);
  }

  return {
    journal,
    stored,
    torn: (path, real) => note(path, "torn", real),
    deleted: (path) => note(path, "vanished"),
    renamed(from, to, real, { isFolder, wasThere }) {
      const files = isFolder ? filesBelow(real) : [""];
      for (const below of files) note(from + below, "vanished");
      for (const below of files) stored(to + below, real + below, wasThere && !isFolder);
    },
  };
}

/** Whether a visitor would ask for it: nothing on the way is one of miroir's temporary names. */
function isFinal(path: string): boolean {
  return path.split("/").every((name) => !name.startsWith(".miroir-"));
}

function filesBelow(folder: string, below = ""): string[] {
  return readdirSync(join(folder, below), { withFileTypes: true }).flatMap((entry) => {
    const path = `${below}/${entry.name}`;
    return entry.isDirectory() ? filesBelow(folder, path) : [path];
  });
}

/** In one go, so that nothing else can change the content between the event and its line. */
export function contentOf(real: string): { sizeBytes: number; sha1: string } {
  const hash = createHash("sha1");
  const buffer = Buffer.allocUnsafe(1 << 20);
  const file = openSync(real, "r");
  let sizeBytes = 0;
  try {
    for (let count = readSync(file, buffer); count > 0; count = readSync(file, buffer)) {
      hash.update(buffer.subarray(0, count));
      sizeBytes += count;
    }
  } finally {
    closeSync(file);
  }
  return { sizeBytes, sha1: hash.digest("hex") };
}
