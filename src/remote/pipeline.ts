import type { ControlContext } from "./control.ts";
import { SiteError } from "./site.ts";

export interface Reply {
  code: number;
  /** Every line, codes included. */
  lines: string[];
  /** The last line: the one that carries the verdict and a 213's number. */
  text: string;
}

/** What the server says by itself when a connection opens: an expected reply without a command. 120 may precede it. */
export const GREETING: Command = { text: "", expects: [220] };

/** A command and the positive replies it may have. Any refusal (4xx, 5xx) is an answer too; anything else ends the session. */
export interface Command {
  text: string;
  /** The exact positive codes. */
  expects: readonly number[];
}

/** A transfer command: 1xx, then, when the bytes have gone, its verdict. */
export interface Transfer {
  /** The first reply: 1xx, or already the verdict. */
  started: Promise<Reply>;
  /** The verdict. */
  finished: Promise<Reply>;
  /** From now on the server owes the verdict within `timeoutMs`. */
  awaitVerdict(timeoutMs: number): void;
}

export interface Pipeline {
  /**
   * Sends all commands in one write and resolves with one reply each.
   * @throws SessionEnded when the session ended before the last of them was answered.
   */
  exchange(commands: readonly Command[], timeoutMs?: number): Promise<Reply[]>;
  transfer(command: Command): Transfer;
  /** Whatever `send` sends, before it returns, goes out in one write. Throws, and sends nothing, what `beforeSending` throws. */
  together<T>(send: () => T): T;
  /** Ends the session; whatever is unanswered is unknown. */
  end(error: Error): void;
  readonly ended: Error | undefined;
}

/** The session is over. The replies that came before tell which commands are done; the others are unknown. */
export class SessionEnded extends SiteError {
  readonly answered: Reply[];

  constructor(cause: Error, answered: Reply[] = []) {
    super(cause.message, {
      kind: "unknown",
      reason: cause instanceof SiteError ? cause.reason : "connection",
      code: cause instanceof SiteError ? cause.code : undefined,
      cause,
    });
    this.answered = answered;
  }
}

interface Expected {
  verb: string;
  positive: readonly number[];
  timeoutMs: number;
  onPreliminary?: (reply: Reply) => void;
  settle(reply: Reply): void;
  fail(error: Error): void;
}

export const isRefusal = (reply: Reply) => reply.code >= 400;

/**
 * One queue of expected replies over one control connection, as RFC 959 §5.4 orders them. basic-ftp carries it as a
 * single task that stays pending, because it drops replies that arrive while no task is set and takes a late reply
 * for the answer to the next command.
 * @param beforeSending called before anything is sent; what it throws keeps that from being sent
 */
export function createPipeline(context: ControlContext, timeoutMs: number, beforeSending = () => {}): Pipeline {
  const queue: Expected[] = [];
  /** What goes out in the next write. */
  let outgoing: string[] = [];
  let isTogether = false;
  let ended: Error | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function watchHead(): void {
    clearTimeout(timer);
    const head = queue[0];
    if (!head || head.timeoutMs === Number.POSITIVE_INFINITY) return;
    timer = setTimeout(() => {
      const seconds = Math.round(head.timeoutMs / 100) / 10;
      end(new SiteError(`No answer to ${head.verb} in ${seconds} s`, { kind: "unknown", reason: "timeout" }));
    }, head.timeoutMs);
  }

  function end(error: Error): void {
    if (ended) return;
    ended = error;
    clearTimeout(timer);
    context.close();
    for (const expected of queue.splice(0)) expected.fail(error);
  }

  function receive(response: Error | { code: number; message: string }): void {
    if (ended) return;
    if (response instanceof Error) return end(response);
    const lines = response.message.split("\n");
    const reply: Reply = { code: response.code, lines, text: lines[lines.length - 1] ?? "" };
    const head = queue[0];
    if (!head || reply.code === 421) return end(closedByServer(reply));
    if (reply.code < 100 || reply.code > 599) return end(outOfStep(reply, head.verb));
    if (reply.code < 200) {
      if (!head.onPreliminary) return end(outOfStep(reply, head.verb));
      const clockMs = head.timeoutMs;
      head.onPreliminary(reply);
      // A server that only says 1xx over and over is not let keep the clock from running out.
      if (head.timeoutMs !== clockMs) watchHead();
      return;
    }
    if (!isRefusal(reply) && !head.positive.includes(reply.code)) return end(outOfStep(reply, head.verb));
    queue.shift();
    head.settle(reply);
    watchHead();
  }

  function write(commands: readonly Command[]): void {
    for (const command of commands) if (command !== GREETING) outgoing.push(command.text);
    if (!isTogether) sendOutgoing();
  }

  function sendOutgoing(): void {
    if (outgoing.length > 0 && !ended) context.sendTogether(outgoing);
    outgoing = [];
  }

  context
    .handle(undefined, (response) => receive(response))
    .catch((error: Error) => {
      end(error);
    });

  return {
    exchange(commands, replyTimeoutMs = timeoutMs) {
      return new Promise((resolve, reject) => {
        if (ended) return reject(new SessionEnded(ended));
        const answered: Reply[] = [];
        if (commands.length === 0) return resolve(answered);
        // Before anything is queued: a queue that waits for what was never sent is out of step for good.
        const unsafe = commands.find(({ text }) => isUnsafe(text));
        if (unsafe) return reject(unsafeCommand(unsafe));
        // What it throws rejects.
        beforeSending();
        for (const command of commands) {
          queue.push({
            verb: verbOf(command.text),
            positive: command.expects,
            timeoutMs: replyTimeoutMs,
            ...(command === GREETING && { onPreliminary: () => {} }),
            settle(reply) {
              answered.push(reply);
              if (answered.length === commands.length) resolve(answered);
            },
            fail: (error) => reject(new SessionEnded(error, answered)),
          });
        }
        write(commands);
        watchHead();
      });
    },

    transfer(command) {
      const started = Promise.withResolvers<Reply>();
      const finished = Promise.withResolvers<Reply>();
      // Both are looked at, but an early failure of one must not count as unhandled while the other is awaited.
      started.promise.catch(() => {});
      finished.promise.catch(() => {});
      let isStarted = false;
      const expected: Expected = {
        verb: verbOf(command.text),
        positive: command.expects,
        timeoutMs,
        onPreliminary(reply) {
          // The bytes have their own clock now. A second 1xx must not stop the one that runs for the verdict.
          if (!isStarted) expected.timeoutMs = Number.POSITIVE_INFINITY;
          isStarted = true;
          started.resolve(reply);
        },
        settle(reply) {
          started.resolve(reply);
          finished.resolve(reply);
        },
        fail(error) {
          started.reject(new SessionEnded(error));
          finished.reject(new SessionEnded(error));
        },
      };
      try {
        if (ended) throw new SessionEnded(ended);
        if (isUnsafe(command.text)) throw unsafeCommand(command);
        beforeSending();
        queue.push(expected);
        write([command]);
        watchHead();
      } catch (error) {
        started.reject(error);
        finished.reject(error);
      }
      return {
        started: started.promise,
        finished: finished.promise,
        awaitVerdict(verdictTimeoutMs) {
          // A 1xx that comes from now on, even the first, must not stop the verdict's clock.
          isStarted = true;
          expected.timeoutMs = verdictTimeoutMs;
          if (queue[0] === expected) watchHead();
        },
      };
    },

    together(send) {
      beforeSending();
      const isWithin = isTogether;
      isTogether = true;
      try {
        return send();
      } finally {
        isTogether = isWithin;
        if (!isWithin) sendOutgoing();
      }
    },

    end,
    get ended() {
      return ended;
    },
  };
}

function verbOf(command: string): string {
  return command === "" ? "the connection" : (command.split(" ", 1)[0] ?? command);
}

/** What would be more than one command. */
export const isUnsafe = (text: string) => /[\r\n\0]/.test(text);

function unsafeCommand({ text }: Command): SiteError {
  return new SiteError(`Cannot send ${verbOf(text)} for a name that holds a line break or a zero byte`, {
    kind: "permanent",
    reason: "unsafe-name",
  });
}

function closedByServer(reply: Reply): SiteError {
  const what = reply.code === 421 ? "The server closed the connection" : "The server sent a reply nobody asked for";
  return new SiteError(`${what}: ${reply.text}`, { kind: "unknown", reason: "connection", code: reply.code });
}

function outOfStep(reply: Reply, verb: string): SiteError {
  return new SiteError(`The server answered ${verb} with "${reply.text}", which is no answer to it`, {
    kind: "unknown",
    reason: "connection",
    code: reply.code,
  });
}
