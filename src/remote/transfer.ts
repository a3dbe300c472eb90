import type { DataConnection } from "./connection.ts";
import { unanswered } from "./data.ts";
import { isRefusal, type Reply, type Transfer } from "./pipeline.ts";
import type { Session } from "./session.ts";
import { SiteError } from "./site.ts";

/** How long a verdict may lag behind a broken data connection. */
const VERDICT_AFTER_BREAK_MS = 10_000;
/** RFC 959 §4.2.1: Can't open data connection. */
const NO_DATA_CONNECTION = 425;

type Opened = { data: DataConnection } | { failure: Error } | { refusal: Reply };

/** Writes the command of a transfer; it may be written while the data connection is still being opened. */
export function startTransfer({ pipeline }: Session, command: string): Transfer {
  return pipeline.transfer({ text: command, expects: [226, 250] });
}

/**
 * Carries out one transfer over a fresh data connection; the connection never outlives it.
 * An upload stops when the verdict comes early; a listing is read to its end whatever came first.
 * @param options `isEarly`: bytes go out before the server has asked for them
 */
export async function transferring<T>(
  session: Session,
  opening: Promise<DataConnection>,
  transfer: Transfer,
  carry: (data: DataConnection) => Promise<T>,
  options: { timeoutMs: number; stopsAtVerdict: boolean; isEarly?: boolean; drainMs: () => number },
): Promise<{ reply: Reply; carried: T | undefined; broken: Error | undefined }> {
  // A data connection that breaks says nothing yet: the verdict on the control connection does.
  let broken: Error | undefined;
  const afterBreakMs = Math.min(options.timeoutMs, VERDICT_AFTER_BREAK_MS);
  try {
    const opened = await Promise.race([
      opening.then(
        (data): Opened => ({ data }),
        (error: unknown): Opened => ({ failure: asError(error) }),
      ),
      refusalOf(transfer),
    ]);
    if ("refusal" in opened) {
      const { refusal } = opened;
      const silent = refusal.code === NO_DATA_CONNECTION ? session.unansweredPort() : undefined;
      if (silent !== undefined) throw unanswered(silent, refusal);
      return { reply: refusal, carried: undefined, broken };
    }
    if ("failure" in opened) {
      const { failure } = opened;
      if (failure instanceof SiteError && failure.kind === "fatal") throw failure;
      // A server that refuses the command at once closes its port with it: the refusal is what counts, unless all it
      // says is that nobody came to its port.
      transfer.awaitVerdict(afterBreakMs);
      const reply = await transfer.finished.catch(() => Promise.reject(failure));
      if (reply.code === NO_DATA_CONNECTION) throw failure;
      return { reply, carried: undefined, broken: failure };
    }
    const { data } = opened;
    const started = options.isEarly ? undefined : await transfer.started;
    if (started && isRefusal(started)) return { reply: started, carried: undefined, broken };
    let carried: T | undefined;
    let carrying: Promise<T> | undefined;
    try {
      carrying = carry(data);
      const stop = transfer.finished.then((verdict) =>
        options.stopsAtVerdict || isRefusal(verdict) ? undefined : carrying,
      );
      carried = await Promise.race([carrying, stop]);
    } catch (error) {
      broken = asError(error);
    }
    if (broken || carried === undefined) data.destroy();
    await carrying?.catch(() => {});
    transfer.awaitVerdict(broken ? afterBreakMs : options.timeoutMs + options.drainMs());
    return { reply: await transfer.finished, carried, broken };
  } catch (error) {
    // Whatever interrupts a transfer leaves its verdict to come: no other command may meet it.
    session.pipeline.end(asError(error));
    throw error;
  } finally {
    opening.then(
      (data) => data.destroy(),
      () => {},
    );
  }
}

/** Resolves when a transfer is refused before it begins, or given up for want of a data connection; else never. */
async function refusalOf({ started, finished }: Transfer): Promise<Opened> {
  const reply = await started;
  if (isRefusal(reply)) return { refusal: reply };
  // Some servers say 150 before anybody has come to their port.
  const verdict = await finished.catch(() => undefined);
  return verdict?.code === NO_DATA_CONNECTION ? { refusal: verdict } : new Promise(() => {});
}

export const asError = (error: unknown) => (error instanceof Error ? error : new Error(String(error)));
