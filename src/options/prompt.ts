/** Ctrl-C or Ctrl-D at a prompt, or the terminal went away. */
export class InterruptedError extends Error {
  override readonly name = "InterruptedError";
}

export type Typed = { state: "typing"; line: string } | { state: "done"; line: string } | { state: "interrupted" };

// Arrow and function keys, and the marks around a paste.
const ESCAPE_SEQUENCES = /\u001b(?:\[[\x30-\x3f]*[\x20-\x2f]*[\x40-\x7e]|O[\x40-\x7e])/g;

/**
 * Collects the keys of lines, as a terminal in raw mode sends them. A key may be cut between two calls; what comes
 * after the end of a line is kept for the next one.
 */
export function createLineEditor(): { feed(keys: Uint8Array | string): Typed } {
  const decoder = new TextDecoder();
  let line: string[] = [];
  let unread = "";
  let isAfterReturn = false;
  return {
    feed(keys) {
      unread += typeof keys === "string" ? keys : decoder.decode(keys, { stream: true });
      unread = unread.replace(ESCAPE_SEQUENCES, "");
      // A sequence that has only begun: the rest comes with the next keys.
      const begun = /\u001b(?:[[O][\x20-\x3f]*)?$/.exec(unread)?.[0] ?? "";
      const ready = [...unread.slice(0, unread.length - begun.length)];
      unread = begun;
      for (const [index, key] of ready.entries()) {
        const isSecondHalf = key === "\n" && isAfterReturn;
        isAfterReturn = key === "\r";
        if (isSecondHalf) continue;
        if (key === "\r" || key === "\n") {
          unread = ready.slice(index + 1).join("") + begun;
          const done = line.join("");
          line = [];
          return { state: "done", line: done };
        }
        if (key === "\u0003" || (key === "\u0004" && line.length === 0)) return { state: "interrupted" };
        if (key === "\u007f" || key === "\b") line.pop();
        else if (key === "\u0015") line = [];
        else if (!/\p{Cc}/u.test(key)) line.push(key);
      }
      return { state: "typing", line: line.join("") };
    },
  };
}

/** What a prompt needs of `process.stdin` and `process.stderr`. */
export interface Terminal {
  input: Pick<NodeJS.ReadStream, "isRaw" | "setRawMode" | "on" | "off" | "resume" | "pause">;
  output: { write(text: string): unknown; columns?: number };
}

/** Asks on a terminal. Use it only when the input is one. */
export interface Asker {
  /** One line, echoed. @throws InterruptedError */
  line(question: string): Promise<string>;
  /** One line that is not echoed. @throws InterruptedError */
  hidden(question: string): Promise<string>;
}

/** After each question the terminal is given back as it was, whatever happens. */
export function createAsker({ input, output }: Terminal = standardTerminal()): Asker {
  const editor = createLineEditor();

  async function ask(question: string, echo: (line: string) => void): Promise<string> {
    const wasRaw = input.isRaw;
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const onData = (keys: Uint8Array | string) => {
      const typed = editor.feed(keys);
      if (typed.state === "interrupted") return reject(new InterruptedError("Interrupted at a prompt"));
      echo(typed.line);
      if (typed.state === "done") resolve(typed.line);
    };
    const onEnd = () => reject(new InterruptedError("The terminal was closed at a prompt"));
    const onError = (cause: Error) => reject(new InterruptedError("The terminal cannot be read", { cause }));
    try {
      input.setRawMode(true);
      input.on("data", onData).on("end", onEnd).on("error", onError);
      output.write(question);
      input.resume();
      // Several lines may have come with the last answer, from a paste.
      onData("");
      return await promise;
    } finally {
      input.off("data", onData).off("end", onEnd).off("error", onError);
      input.pause();
      input.setRawMode(wasRaw);
      output.write("\n");
    }
  }

  return {
    line: (question) => ask(question, createEcho(question, output)),
    hidden: (question) => ask(question, () => {}),
  };
}

/** Writes the line anew, its end only where it is longer than the terminal is wide: no terminal goes back over a wrap. */
function createEcho(question: string, output: Terminal["output"]): (line: string) => void {
  let shown = "";
  return (line) => {
    const room = Math.max(1, (output.columns ?? 80) - Bun.stringWidth(question) - 1);
    const characters = [...line];
    while (Bun.stringWidth(characters.join("")) > room) characters.shift();
    const now = characters.join("");
    if (now === shown) return;
    const rest = Math.max(0, Bun.stringWidth(shown) - Bun.stringWidth(now));
    output.write(`\r${question}${now}${" ".repeat(rest)}${"\b".repeat(rest)}`);
    shown = now;
  };
}

/** One hidden line, see `Asker`. */
export function promptHidden(question: string, terminal?: Terminal): Promise<string> {
  return createAsker(terminal).hidden(question);
}

function standardTerminal(): Terminal {
  return { input: process.stdin, output: process.stderr };
}
