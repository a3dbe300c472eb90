import { specimenOf } from "../plan/name-traits.ts";
import { isRefusal } from "./pipeline.ts";
import { type Asking, ask, entryOf, list } from "./query.ts";
import { type NameProbe, SiteError } from "./site.ts";

/**
 * Finds out what the server makes of names, with empty folders in a folder of our own: nothing of the site is touched.
 * A specimen that is refused for good counts as sound: a refusal is loud, an alteration is not.
 * @param folder the server's path of a folder that is not there yet
 */
export async function probeNames(asking: Asking, folder: string, traits: readonly string[]): Promise<NameProbe> {
  /** @returns whether it was made */
  async function make(path: string): Promise<boolean> {
    const reply = await ask(asking, `MKD ${path}`, [257, 250, 200]);
    if (!isRefusal(reply)) return true;
    if (path !== folder && reply.code >= 500) return false;
    throw new SiteError(`Cannot try out names in "${folder}": the server answered "${reply.text}"`, {
      kind: reply.code < 500 ? "transient" : "permanent",
      reason: "refused",
      code: reply.code,
    });
  }

  await make(folder);
  const specimens = new Map(traits.map((trait, index) => [trait, specimenOf(trait, index)]));
  const refused = new Set<string>();
  const probe: NameProbe = { altered: new Set(), refused, foldsCase: false };
  const accepted: string[] = [];
  for (const [trait, name] of specimens) {
    if (await make(`${folder}/${name}`)) accepted.push(trait);
    else refused.add(trait);
  }
  await make(`${folder}/case`);
  probe.foldsCase = (await entryOf(asking, `${folder}/CASE`)) !== undefined;
  const { entries } = await list(asking, folder);
  const names = new Set(entries.map((entry) => entry.name));
  // A listing that does not even show the plain one says nothing about the others.
  if (names.has("case"))
    for (const trait of accepted) if (!names.has(specimens.get(trait) ?? "")) probe.altered.add(trait);
  // By the names that were sent as well: the listing may have been cut short.
  for (const name of new Set(["case", ...specimens.values(), ...names]))
    await ask(asking, `RMD ${folder}/${name}`, [250, 200]);
  const removed = await ask(asking, `RMD ${folder}`, [250, 200]);
  if (isRefusal(removed)) probe.isLeft = (await entryOf(asking, folder)) !== undefined;
  return probe;
}

/** Removes a probe's folder with the empty folders in it, and nothing that holds anything. */
export async function sweepProbe(asking: Asking, folder: string): Promise<void> {
  const { entries } = await list(asking, folder);
  for (const { name, type } of entries) if (type === "folder") await ask(asking, `RMD ${folder}/${name}`, [250, 200]);
  await ask(asking, `RMD ${folder}`, [250, 200]);
}
