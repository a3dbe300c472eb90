import { lstatSync, readdirSync, realpathSync } from "node:fs";
import { dirname, join, posix, resolve, sep } from "node:path";
import { Interruption } from "./embedded-replies.ts";

/** Where an argument points to. */
export interface Place {
  /** Absolute, as the account sees it. */
  virtual: string;
  /** Relative to the login folder, without a leading `/`; `""` is the login folder. Outside of it: `virtual`. */
  relative: string;
  /** On the local disk; undefined for a folder above the login folder, of which only `child` can be seen. */
  real: string | undefined;
  child: string | undefined;
}

export interface Tree {
  readonly loginFolder: string;
  /** Throws Interruption 550 for what lies outside of the served folder, 553 for a name that cannot be one. */
  locate(workingFolder: string, argument: string, command: string): Place;
}

export interface TreeOptions {
  root: string;
  loginFolder: string;
  caseInsensitive: boolean;
  alterName: (name: string, command: string) => string;
}

export function createTree({ root, loginFolder, caseInsensitive, alterName }: TreeOptions): Tree {
  const realRoot = realpathSync(root);
  const prefix = loginFolder === "/" ? "/" : `${loginFolder}/`;

  function storedName(folder: string, name: string): string {
    if (!caseInsensitive || isThere(join(folder, name)) || !isThere(folder)) return name;
    const wanted = name.toLowerCase();
    return readdirSync(folder).find((other) => other.toLowerCase() === wanted) ?? name;
  }

  function realPathOf(names: string[], command: string): string {
    const real = names.reduce((folder, name) => join(folder, storedName(folder, alterName(name, command))), realRoot);
    if (!isInside(realRoot, resolve(real)) || !isInside(realRoot, realpathOfExisting(real))) {
      throw new Interruption("550 Permission denied");
    }
    return real;
  }

  return {
    loginFolder,
    locate(workingFolder, argument, command) {
      if (argument.includes("\0")) throw new Interruption("553 File name not allowed");
      const virtual = posix.resolve(workingFolder, argument);
      if (virtual === loginFolder) return { virtual, relative: "", real: realRoot, child: undefined };
      if (virtual.startsWith(prefix)) {
        const relative = virtual.slice(prefix.length);
        return { virtual, relative, real: realPathOf(relative.split("/"), command), child: undefined };
      }
      const above = virtual === "/" ? "/" : `${virtual}/`;
      if (!loginFolder.startsWith(above)) throw new Interruption("550 No such file or directory");
      const child = loginFolder.slice(above.length).split("/")[0];
      return { virtual, relative: virtual, real: undefined, child };
    },
  };
}

/** The path on the disk, for a command that needs one. */
export function realOf(place: Place): string {
  if (place.real === undefined) throw new Interruption("550 Permission denied");
  return place.real;
}

export function isThere(real: string): boolean {
  return lstatSync(real, { throwIfNoEntry: false }) !== undefined;
}

function isInside(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder + sep);
}

/** The real path of `path`, or of the nearest folder above it that exists. */
function realpathOfExisting(path: string): string {
  for (let at = path; ; at = dirname(at)) {
    try {
      return realpathSync(at);
    } catch (error) {
      if (at === dirname(at)) throw error;
    }
  }
}
