import { portOf } from "./data.ts";
import { type Command, isRefusal } from "./pipeline.ts";
import { type Asking, entryIn } from "./query.ts";
import { keepReady } from "./ready.ts";

/**
 * Gets a session ready for uploads that will probably come in a moment: one write asks for the remote folder and for
 * the port of a data connection, which is then dialled.
 * @returns whether the remote folder was seen
 */
export async function prepareSession(asking: Asking, root: string, onUnused: () => void): Promise<boolean> {
  const { session, capabilities } = asking;
  const commands: Command[] = [];
  const question = questionFor(root, asking);
  if (question) commands.push(question);
  const asksPort = capabilities.epsv && capabilities.holdsData && session.ready?.isYoung !== true;
  if (asksPort) {
    session.ready?.drop();
    commands.push({ text: "EPSV", expects: [229] });
  }
  const replies = await session.pipeline.exchange(commands);
  if (asksPort) {
    const passive = replies.at(-1);
    const port = portOf(passive);
    if (port !== undefined) keepReady(session, port, onUnused);
    // Whoever needs a port asks for it in another way.
    else if (passive && passive.code >= 500) capabilities.holdsData = false;
  }
  if (!question) return isLoginFolder(root);
  const [reply] = replies;
  if (!reply || isRefusal(reply)) return false;
  return capabilities.mlst ? entryIn(reply)?.type === "folder" : true;
}

const isLoginFolder = (root: string) => root === "" || root === ".";

/** What one command can tell for certain; undefined where it takes more than one, or none. */
function questionFor(root: string, { capabilities }: Asking): Command | undefined {
  if (isLoginFolder(root)) return undefined;
  if (capabilities.mlst) return { text: `MLST ${root}`, expects: [250] };
  // All paths are absolute then, so the current folder may change.
  return root.startsWith("/") ? { text: `CWD ${root}`, expects: [200, 250] } : undefined;
}
