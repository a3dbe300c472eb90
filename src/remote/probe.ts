import { specimenOf } from "../plan/name-traits.ts";
import { isRefusal, isUnsafe, type Reply } from "./pipeline.ts";
import { type Asking, entryOf, list } from "./query.ts";
import { answerTo, makeFolder, questionAbout } from "./root.ts";
import { type NameProbe, SiteError } from "./site.ts";
import { inTurn, type SendAll } from "./writes.ts";

/**
 * Finds out what the server makes of names, with empty folders in a folder of our own: nothing of the site is touched.
 * A specimen that is refused for good counts as sound: a refusal is loud, an alteration is not.
 * @param folder the server's path of a folder that is not there yet
 */
export async function probeNames(
  asking: Asking,
  folder: string,
  traits: readonly string[],
  sendAll: SendAll,
): Promise<NameProbe> {
  const specimens = new Map(traits.map((trait, index) => [trait, specimenOf(trait, index)]));
  const paths = [folder, ...[...specimens.values(), "case"].map((name) => `${folder}/${name}`)];
  const otherCase = questionAbout(`${folder}/CASE`, asking);
  const replies = await sendAll(asking.session.pipeline, [
    ...paths.map(makeFolder),
    ...(otherCase ? [otherCase.command] : []),
  ]);
  for (const [index, path] of paths.entries()) {
    const reply = replies[index];
    if (!reply || !isRefusal(reply) || (path !== folder && reply.code >= 500)) continue;
    throw new SiteError(`Cannot try out names in "${folder}": the server answered "${reply.text}"`, {
      kind: reply.code < 500 ? "transient" : "permanent",
      reason: "refused",
      code: reply.code,
    });
  }
  const isMade = (index: number) => !isRefusal(replies[index + 1] as Reply);
  const accepted = traits.filter((_, index) => isMade(index));
  const told = otherCase && answerTo(otherCase, replies[paths.length], `${folder}/CASE`);
  const probe: NameProbe = {
    altered: new Set(),
    refused: new Set(traits.filter((_, index) => !isMade(index))),
    foldsCase: told ?? (await entryOf(asking, `${folder}/CASE`)) !== undefined,
  };
  const { entries } = await list(asking, folder);
  const names = new Set(entries.map((entry) => entry.name));
  // A listing that does not even show the plain one says nothing about the others.
  if (names.has("case"))
    for (const trait of accepted) if (!names.has(specimens.get(trait) ?? "")) probe.altered.add(trait);
  // By the names that were sent as well: the listing may have been cut short.
  const isRemoved = await removeAll(asking, folder, new Set(["case", ...specimens.values(), ...names]), sendAll);
  if (!isRemoved) probe.isLeft = (await entryOf(asking, folder)) !== undefined;
  return probe;
}

/** Removes a probe's folder with the empty folders in it, and nothing that holds anything. */
export async function sweepProbe(asking: Asking, folder: string): Promise<void> {
  const { entries } = await list(asking, folder);
  const folders = entries.filter(({ type }) => type === "folder");
  await removeAll(
    asking,
    folder,
    folders.map(({ name }) => name),
    inTurn,
  );
}

/** @returns whether the folder went as well */
async function removeAll(asking: Asking, folder: string, names: Iterable<string>, sendAll: SendAll): Promise<boolean> {
  const paths = [...[...names].map((name) => `${folder}/${name}`).filter((path) => !isUnsafe(path)), folder];
  const replies = await sendAll(
    asking.session.pipeline,
    paths.map((path) => ({ text: `RMD ${path}`, expects: [250, 200] })),
  );
  const removed = replies.at(-1);
  return removed !== undefined && !isRefusal(removed);
}
