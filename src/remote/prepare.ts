import { portOf } from "./data.ts";
import { type Command, isRefusal } from "./pipeline.ts";
import type { Asking } from "./query.ts";
import { keepReady } from "./ready.ts";
import { isLoginFolder, questionAbout } from "./root.ts";

/**
 * Gets a session ready for uploads that will probably come in a moment: one write asks for the remote folder and for
 * the port of a data connection, which is then dialled.
 * @returns whether the remote folder was seen
 */
export async function prepareSession(asking: Asking, root: string, onUnused: () => void): Promise<boolean> {
  const { session, capabilities } = asking;
  const commands: Command[] = [];
  const question = questionAbout(root, asking);
  if (question) commands.push(question.command);
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
  return reply !== undefined && !isRefusal(reply) && question.isFolder(reply);
}
