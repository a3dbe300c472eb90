import { askPort, type DataWay, wayTo } from "./data.ts";
import { blame } from "./early.ts";
import { keepMode, moveIntoPlace } from "./place.ts";
import { type Asking, sizeOf } from "./query.ts";
import { settle } from "./recovery.ts";
import { checkArrived, type Sent, send } from "./send.ts";
import { type Content, isResumable, type Unsettled, type Uploaded, type UploadJob } from "./site.ts";
import { begin, discard, type UploadTools } from "./temporary.ts";
import { setTime } from "./time.ts";
import { startTransfer } from "./transfer.ts";

/**
 * One attempt at putting a file in place: bytes to a temporary name, size asked, mtime set, renamed onto the name.
 * What an interrupted attempt leaves is noted in `job.unsettled`, and resumed or settled at the start of the next.
 * @throws SiteError
 */
export async function upload(asking: Asking, job: UploadJob, tools: UploadTools): Promise<Uploaded> {
  const content = await job.open();
  try {
    let offsetBytes = 0;
    if (job.unsettled) {
      offsetBytes = await resumableBytes(asking, job.unsettled, content, tools);
      if (offsetBytes === 0) {
        const { id } = job.unsettled;
        const { uploaded, isSettled } = await settle(asking, job.path, job.unsettled, tools);
        delete job.unsettled;
        if (uploaded) return uploaded;
        if (isSettled) job.settled(id);
      }
    }
    const { id, temporary } = offsetBytes > 0 && job.unsettled ? job.unsettled : begin(job, content, tools);
    const target = tools.pathOf(temporary);
    const readAtMs = tools.now();
    const { session, capabilities, timeoutMs } = asking;
    const ready = session.ready?.take();
    let sent: Sent;
    try {
      const command = `${offsetBytes > 0 ? "APPE" : "STOR"} ${target}`;
      const start = async () => {
        const way: DataWay = ready ?? wayTo(session, await askPort(session, capabilities));
        return { transfer: startTransfer(session, command), data: way.open() };
      };
      sent = await send(session, start, job, content, { offsetBytes, timeoutMs, admit: tools.admit });
      checkArrived(job, sent, await sizeOf(asking, target));
    } catch (error) {
      if (ready) blame(asking, { isReady: true, isEarly: false }, error, tools);
      await discard(asking, job, tools, error);
      throw error;
    }
    const dated = await setTime(asking, target, content.mtimeMs, tools);
    const uploaded: Uploaded = { id, ...sent, mtimeMs: content.mtimeMs, dated, readAtMs };
    if (!tools.inPlace) {
      if (job.replaces) await keepMode(asking, target, tools.pathOf(job.path));
      await moveIntoPlace(asking, job, temporary, uploaded, tools);
    }
    delete job.unsettled;
    return uploaded;
  } finally {
    await content.close();
  }
}

/** How much of an interrupted upload can be kept: what the server holds of the same, unchanged file; 0 for nothing. */
async function resumableBytes(
  asking: Asking,
  unsettled: Unsettled,
  content: Content,
  tools: UploadTools,
): Promise<number> {
  const { begun, renaming, temporary } = unsettled;
  if (
    !begun ||
    renaming ||
    !isResumable(begun) ||
    begun.sizeBytes !== content.sizeBytes ||
    begun.mtimeMs !== content.mtimeMs
  )
    return 0;
  const held = await sizeOf(asking, tools.pathOf(temporary));
  return typeof held === "number" && held <= content.sizeBytes ? held : 0;
}
