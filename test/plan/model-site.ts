import { isAtOrBelow, parentOf, type RelPath } from "../../src/detect/tree.ts";
import type { Action } from "../../src/plan/plan.ts";
import type { ModelFile, Tree } from "./tree-model.ts";

/** Why the model refuses a step that a server would refuse, or that would destroy something. */
export class ModelRefusal extends Error {
  override readonly name = "ModelRefusal";
  /** What an FTP server would have said to the same. */
  readonly because: "missing" | "exists" | "not-empty" | "not-a-folder";

  constructor(because: ModelRefusal["because"], step: string) {
    super(`${step}: ${because}`);
    this.because = because;
  }
}

/** Carries one step out on `site`, in place, as strictly as the strictest server. @throws ModelRefusal */
export function apply(site: Tree, action: Action, local: ReadonlyMap<RelPath, ModelFile>): void {
  const refuse = (because: ModelRefusal["because"]) => {
    throw new ModelRefusal(because, `${action.op} "${action.path}"`);
  };
  const isThere = (path: RelPath) => site.files.has(path) || site.folders.has(path);
  const needParent = (path: RelPath) => {
    if (parentOf(path) !== "" && !site.folders.has(parentOf(path))) refuse("not-a-folder");
  };
  switch (action.op) {
    case "mkdir":
      needParent(action.path);
      if (isThere(action.path)) refuse("exists");
      site.folders.add(action.path);
      return;
    case "rename":
      needParent(action.path);
      if (action.isFolder ? !site.folders.has(action.from) : !site.files.has(action.from)) refuse("missing");
      if (isThere(action.path)) refuse("exists");
      rename(site, action.from, action.path);
      return;
    case "upload": {
      needParent(action.path);
      if (site.folders.has(action.path)) refuse("exists");
      const file = local.get(action.path);
      if (!file) throw new Error(`"${action.path}" is to be uploaded and is not here`);
      site.files.set(action.path, { ...file });
      return;
    }
    case "touch": {
      const file = site.files.get(action.path);
      if (!file) return refuse("missing");
      file.mtimeMs = action.entry.mtimeMs;
      return;
    }
    case "delete":
      if (!site.files.delete(action.path)) refuse("missing");
      return;
    case "rmdir":
      if (!site.folders.has(action.path)) refuse("missing");
      for (const path of [...site.files.keys(), ...site.folders])
        if (path !== action.path && isAtOrBelow(path, action.path)) refuse("not-empty");
      site.folders.delete(action.path);
      return;
    case "note":
      if (!site.files.has(action.path)) refuse("missing");
      return;
    default:
      action satisfies never;
  }
}

function rename(site: Tree, from: RelPath, to: RelPath): void {
  for (const [path, file] of [...site.files]) {
    if (!isAtOrBelow(path, from)) continue;
    site.files.delete(path);
    site.files.set(to + path.slice(from.length), file);
  }
  for (const path of [...site.folders]) {
    if (!isAtOrBelow(path, from)) continue;
    site.folders.delete(path);
    site.folders.add(to + path.slice(from.length));
  }
}
