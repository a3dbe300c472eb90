/** Ctrl-C or Ctrl-D at a prompt, or the terminal went away. */
export class InterruptedError extends Error {
  override readonly name = "InterruptedError";
}

export type Typed = { state: "typing" } | { state: "done"; line: string } | { state: "interrupted" };

// Arrow and function keys, and the marks around a paste.
const ESCAPE_SEQUENCES = /\u001b(?:\[[\x30-\x3f]*[\x20-\x2f]*[\x40-\x7e]|O[\x40-\x7e])/g;

/** Collects the keys of one line, as a terminal in raw mode sends them. A key may be cut between two calls. */
export function createLineEditor(): { feed(keys: Uint8Array | string): Typed } {
  const decoder = new TextDecoder();
  let line: string[] = [];
  let unread = "";
  return {
    feed(keys) {
      unread += typeof keys === "string" ? keys : decoder.decode(keys, { stream: true });
      unread = unread.replace(ESCAPE_SEQUENCES, "");
      // A sequence that has only begun: the rest comes with the next keys.
      const begun = /\u001b(?:[[O][\x20-\x3f]*)?$/.exec(unread)?.[0] ?? "";
      const ready = unread.slice(0, unread.length - begun.length);
      unread = begun;
      for (const key of ready) {
        if (key === "\r" || key === "\n") return { state: "done", line: line.join("") };
        if (key === "\u0003" || (key === "\u0004" && line.length === 0)) return { state: "interrupted" };
        if (key === "\u007f" || key === "\b") line.pop();
        else if (key === "\u0015") line = [];
        else if (!/\p{Cc}/u.test(key)) line.push(key);
      }
      return { state: "typing" };
    },
  };
}

/** What the prompt needs of `process.stdin` and `process.stderr`. */
export interface Terminal {
  input: Pick<NodeJS.ReadStream, "isRaw" | "setRawMode" | "on" | "off" | "resume" | "pause">;
  output: { write(text: string): unknown };
}

/**
 * Asks on the terminal for one line that is not echoed. Call it only when the input is a terminal.
 * Throws InterruptedError; the terminal is given back as it was, whatever happens.
 */
export async function promptHidden(
  question: string,
  { input, output }: Terminal = standardTerminal(),
): Promise<string> {
  const editor = createLineEditor();
  const wasRaw = input.isRaw;
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const onData = (keys: Uint8Array | string) => {
    const typed = editor.feed(keys);
    if (typed.state === "done") resolve(typed.line);
    if (typed.state === "interrupted") reject(new InterruptedError("Interrupted at the password prompt"));
  };
  const onEnd = () => reject(new InterruptedError("The terminal was closed at the password prompt"));
  const onError = (cause: Error) => reject(new InterruptedError("The terminal cannot be read", { cause }));
  try {
    input.setRawMode(true);
    input.on("data", onData).on("end", onEnd).on("error", onError);
    output.write(question);
    input.resume();
    return await promise;
  } finally {
    input.off("data", onData).off("end", onEnd).off("error", onError);
    input.pause();
    input.setRawMode(wasRaw);
    output.write("\n");
  }
}

function standardTerminal(): Terminal {
  return { input: process.stdin, output: process.stderr };
}
