import { formatFtpTime } from "./features.ts";
import { isRefusal } from "./pipeline.ts";
import { type Asking, ask, entryOf, refused } from "./query.ts";
import type { UploadTools } from "./temporary.ts";

/**
 * Sets the remote mtime (UTC, whole seconds) by MFMT (draft-somers-ftp-mfxx-04), or by vsftpd's `MDTM time path`.
 * Resolves with false where the server cannot: its own time then says nothing about the file.
 */
export async function setTime(
  asking: Asking,
  path: string,
  mtimeMs: number,
  tools: Pick<UploadTools, "degrade">,
): Promise<boolean> {
  const time = formatFtpTime(mtimeMs);
  const { capabilities } = asking;
  while (time !== undefined && capabilities.setTime !== "none") {
    const command = capabilities.setTime;
    const reply = await ask(asking, `${command} ${time} ${path}`, [200, 213, 250, 253]);
    if (!isRefusal(reply)) return true;
    if (reply.code < 500) throw refused(`set the time of "${path}"`, reply);
    // 550 is about the file (RFC 959), and it is about the command only when the file is there.
    if (reply.code === 550 && (await entryOf(asking, path)) === undefined)
      throw refused(`set the time of "${path}"`, reply);
    if (command === "MFMT" && reply.code !== 550) capabilities.setTime = "MDTM";
    else {
      capabilities.setTime = "none";
      tools.degrade(`The server sets no file times ("${reply.text}"): files on it bear the time of their upload`);
    }
  }
  return false;
}
