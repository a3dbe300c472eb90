import type { Command, Pipeline, Reply } from "./pipeline.ts";

/** Sends commands in order, and resolves with a reply for each. @throws SessionEnded */
export type SendAll = (pipeline: Pipeline, commands: readonly Command[]) => Promise<Reply[]>;

/** In one write: for servers that are not known to stumble over that. */
export const atOnce: SendAll = (pipeline, commands) => pipeline.exchange(commands);

/** In a write each: for those that do, and where the command that fails is to be known. */
export const inTurn: SendAll = async (pipeline, commands) => {
  const replies: Reply[] = [];
  for (const command of commands) replies.push(...(await pipeline.exchange([command])));
  return replies;
};
