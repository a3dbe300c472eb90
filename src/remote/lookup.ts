import { parseSize } from "./features.ts";
import { isRefusal, isUnsafe, type Reply } from "./pipeline.ts";
import { type Asking, entryIn, entryOf } from "./query.ts";
import { type RemoteEntry, SiteError } from "./site.ts";

/** An answer, or the error of a server that gave none. */
export type Found = RemoteEntry | SiteError | undefined;

/**
 * What stands at each of `paths`, asked for in one write (two where there is no MLST). What a plain answer does not
 * decide is asked for alone, by all means there are.
 * @throws SessionEnded
 */
export async function entriesAt(asking: Asking, paths: readonly string[]): Promise<Found[]> {
  const found = new Map<string, Found>();
  const sendable = paths.filter((path) => !isUnsafe(path));
  const { capabilities } = asking;
  if (capabilities.mlst) {
    for (const [path, reply] of await askAll(asking, "MLST", sendable, [250])) {
      const entry = entryIn(reply);
      if (entry) found.set(path, { ...entry, name: nameIn(path) });
      else if (reply.code === 550) found.set(path, undefined);
    }
  } else if (capabilities.size) {
    const sizeless: string[] = [];
    for (const [path, reply] of await askAll(asking, "SIZE", sendable, [213])) {
      const sizeBytes = isRefusal(reply) ? undefined : parseSize(reply.text);
      if (sizeBytes !== undefined) found.set(path, { name: nameIn(path), type: "file", sizeBytes });
      else if (reply.code === 550 && path.startsWith("/")) sizeless.push(path);
    }
    for (const [path, reply] of await askAll(asking, "CWD", sizeless, [200, 250])) {
      if (!isRefusal(reply)) found.set(path, { name: nameIn(path), type: "folder" });
      else if (reply.code === 550) found.set(path, undefined);
    }
  }
  const answers: Found[] = [];
  for (const path of paths) answers.push(found.has(path) ? found.get(path) : await askAlone(asking, path));
  return answers;
}

async function askAll(
  { session }: Asking,
  verb: string,
  paths: readonly string[],
  expects: readonly number[],
): Promise<Array<[string, Reply]>> {
  const replies = await session.pipeline.exchange(paths.map((path) => ({ text: `${verb} ${path}`, expects })));
  return paths.flatMap((path, index): Array<[string, Reply]> => {
    const reply = replies[index];
    return reply ? [[path, reply]] : [];
  });
}

async function askAlone(asking: Asking, path: string): Promise<Found> {
  try {
    return await entryOf(asking, path);
  } catch (error) {
    if (error instanceof SiteError && error.kind !== "unknown") return error;
    throw error;
  }
}

const nameIn = (path: string) => path.slice(path.lastIndexOf("/") + 1);
