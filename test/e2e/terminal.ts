import { PATIENCE_MS } from "../patience.ts";
import { executable, type Surroundings } from "./program.ts";
import { waitFor } from "./wait.ts";

/** The executable on a pseudo-terminal; it ends with this. */
export interface OnTerminal extends Disposable {
  /** Everything it has written so far. */
  readonly said: string;
  type(keys: string): void;
  /** Waits until `words` are said after what was waited for before, or it ended. */
  asked(words: string): Promise<void>;
  exited(): Promise<number>;
}

export interface TerminalOptions extends Surroundings {
  /** Default: 80. */
  columns?: number;
  /** Default: the executable under test, where it is. */
  program?: string;
}

export function startOnTerminal(args: string[], options: TerminalOptions): OnTerminal {
  const { cwd, env, columns = 80, program = executable() } = options;
  let said = "";
  let seen = 0;
  const decoder = new TextDecoder();
  const child = Bun.spawn([program, ...args], {
    cwd,
    env,
    terminal: {
      cols: columns,
      rows: 24,
      data(_terminal, bytes) {
        said += decoder.decode(bytes, { stream: true });
      },
    },
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
  return {
    get said() {
      return said;
    },
    type: (keys) => void child.terminal?.write(keys),
    async asked(words) {
      const isAsked = () => child.exitCode !== null || said.includes(words, seen);
      await waitFor(`"${words}" on the terminal`, isAsked, { state: () => said });
      seen = Math.max(seen, said.indexOf(words, seen) + words.length);
    },
    exited: () => child.exited,
    [Symbol.dispose]() {
      clearTimeout(timer);
      child.kill("SIGKILL");
      child.terminal?.close();
    },
  };
}
