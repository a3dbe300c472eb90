import type { Commands } from "./embedded-context.ts";
import { FILE_COMMANDS } from "./embedded-files.ts";
import { LOGIN_COMMANDS } from "./embedded-login.ts";
import { TRANSFER_COMMANDS } from "./embedded-transfers.ts";

/** Every command the server knows, by its verb; `SITE` commands by both words. */
export const COMMANDS: Commands = { ...LOGIN_COMMANDS, ...FILE_COMMANDS, ...TRANSFER_COMMANDS };
