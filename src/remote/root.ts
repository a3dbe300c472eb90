import { rootMissing } from "./mend.ts";
import { type Command, isRefusal, type Reply } from "./pipeline.ts";
import { type Asking, entryIn, entryOf, isUnsupported, refused } from "./query.ts";
import { SiteError } from "./site.ts";
import type { SendAll } from "./writes.ts";

/**
 * Makes sure that the remote folder is there, in one write where the folder above it is.
 * @param options `mayCreate`: whether a missing one is made or an error
 * @returns `isNew`: the server said that it was not there before, so nothing is in it
 * @throws SiteError `missing`
 */
export async function openRoot(
  asking: Asking,
  path: string,
  { mayCreate, sendAll }: { mayCreate: boolean; sendAll: SendAll },
): Promise<{ isNew: boolean }> {
  if (isLoginFolder(path)) return { isNew: false };
  const { pipeline, loginFolder } = asking.session;
  const question = questionAbout(path, asking);
  const questions = question ? [question.command] : [];
  const replies = await sendAll(pipeline, mayCreate ? [...questions, makeFolder(path)] : questions);
  const isThere = question && answerTo(question, replies[0], path);
  if (isThere === true) return { isNew: false };
  if (isThere === undefined && (await isFolder(asking, path))) return { isNew: false };
  let made = replies.at(-1);
  if (!mayCreate || !made) throw rootMissing(path);
  const above = foldersAbove(path, loginFolder);
  if (isRefusal(made) && above.length > 0)
    made = (await sendAll(pipeline, [...above, path].map(makeFolder))).at(-1) ?? made;
  if (!isRefusal(made)) return { isNew: isThere === false };
  // Somebody else made it in the meantime, or the question was not understood.
  if (await isFolder(asking, path)) return { isNew: false };
  const remedy =
    "Make it on the server, or give another DIR in SITE: /DIR starts at the login folder, //DIR at the root";
  throw new SiteError(`Cannot make the remote folder "${path}": the server answered "${made.text}". ${remedy}`, {
    kind: made.code < 500 ? "transient" : "permanent",
    reason: "missing",
    code: made.code,
  });
}

interface Question {
  command: Command;
  /** What a positive reply tells: whether it is a folder. */
  isFolder(reply: Reply): boolean;
}

export const isLoginFolder = (path: string) => path === "" || path === ".";

/** What one command can tell for certain; undefined where it takes more than one, or none. */
export function questionAbout(path: string, { capabilities }: Asking): Question | undefined {
  if (isLoginFolder(path)) return undefined;
  if (capabilities.mlst) {
    const isFolder = (reply: Reply) => entryIn(reply)?.type === "folder";
    return { command: { text: `MLST ${path}`, expects: [250] }, isFolder };
  }
  // All paths are absolute then, so the current folder may change.
  if (!path.startsWith("/")) return undefined;
  return { command: { text: `CWD ${path}`, expects: [200, 250] }, isFolder: () => true };
}

/** Whether the folder is there; undefined when that is not certain. @throws SiteError */
export function answerTo(question: Question, reply: Reply | undefined, path: string): boolean | undefined {
  if (reply?.code === 550) return false;
  if (!reply || isUnsupported(reply)) return undefined;
  if (isRefusal(reply)) throw refused(`look for "${path}"`, reply);
  return question.isFolder(reply) || undefined;
}

async function isFolder(asking: Asking, path: string): Promise<boolean> {
  return (await entryOf(asking, path))?.type === "folder";
}

export const makeFolder = (path: string): Command => ({ text: `MKD ${path}`, expects: [257, 250, 200] });

/** The folders above it that may have to be made as well; the login folder is there. */
function foldersAbove(path: string, loginFolder: string | undefined): string[] {
  const above: string[] = [];
  for (let slash = path.indexOf("/", 1); slash > 0; slash = path.indexOf("/", slash + 1))
    above.push(path.slice(0, slash));
  return above.filter((each) => each !== "." && !`${loginFolder}/`.startsWith(`${each}/`));
}
