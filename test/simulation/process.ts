/** Where miroir is killed: at its n-th effect, before or after it, or in the middle where it has one. */
export interface Doom {
  effect: number;
  when: "before" | "after" | "torn";
}

/** One run of miroir between its start and its end or death. */
export interface Process {
  readonly isDead: boolean;
  /** Ends it where it stands. */
  kill(): void;
  readonly death: Promise<void>;
  /**
   * Lets one effect happen: a command on the server, a line in the journal, a manifest replaced.
   * @returns undefined when the process died of it, or was dead: it never learns of the result
   */
  attempt<T>(what: string, effect: () => T, torn?: () => void): { result: T } | undefined;
}

/** Ends what still runs of a dead process. */
export class Killed extends Error {
  override readonly name = "Killed";
}

export function startProcess(doom: Doom | undefined, tell: (line: string) => void): Process {
  const { promise, resolve } = Promise.withResolvers<void>();
  let effects = 0;
  let isDead = false;

  function die(what: string): undefined {
    isDead = true;
    tell(`KILLED ${doom?.when === "torn" ? "in" : doom?.when} effect ${effects}: ${what}`);
    resolve();
  }

  return {
    get isDead() {
      return isDead;
    },
    kill() {
      isDead = true;
      resolve();
    },
    death: promise,
    attempt(what, effect, torn) {
      if (isDead) return undefined;
      effects++;
      if (effects !== doom?.effect) return { result: effect() };
      if (doom.when === "torn") torn?.();
      else if (doom.when === "after") effect();
      return die(what);
    },
  };
}
