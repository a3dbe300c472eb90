import type { ModelServer, Seat } from "./model-server.ts";

/** Commands of sessions that are gone, which a slow server still carries out. */
export interface Late {
  add(seat: Seat, commands: readonly string[], afterTurns: number): void;
  /** One turn passes. */
  turn(): void;
  /** All that is left is carried out now. */
  flush(): void;
}

export function createLate(server: ModelServer, tell: (line: string) => void): Late {
  let queue: Array<{ seat: Seat; commands: readonly string[]; turns: number }> = [];

  function carryOut(isDue: (turns: number) => boolean): void {
    const due = queue.filter(({ turns }) => isDue(turns));
    queue = queue.filter(({ turns }) => !isDue(turns));
    for (const { seat, commands } of due) {
      for (const command of commands) {
        // Without a data connection nothing is transferred.
        if (/^(STOR|APPE|MLSD|LIST|EPSV|PASV)\b/.test(command)) break;
        const lines = server.execute(seat, command);
        tell(`  late ${command}: ${lines.at(-1)}`);
      }
    }
  }

  return {
    add(seat, commands, afterTurns) {
      if (commands.length > 0) queue.push({ seat: { ...seat }, commands, turns: afterTurns });
    },
    turn() {
      for (const each of queue) each.turns--;
      carryOut((turns) => turns < 0);
    },
    flush: () => carryOut(() => true),
  };
}
