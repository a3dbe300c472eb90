import type { Random } from "./random.ts";

/** What becomes of a command. */
export type Fate =
  | { kind: "done" }
  | { kind: "refused"; reply: string }
  /** The session ends and the server never carries it out. */
  | { kind: "lost" }
  /** The session ends when the server has carried it out. */
  | { kind: "unanswered" }
  /** The session ends, and the server carries it out a while later. */
  | { kind: "late"; after: number }
  /** Of a transfer: the data connection breaks half-way. */
  | { kind: "cut" }
  /** Of a transfer: half of it arrives, and the server says that all is well. */
  | { kind: "short" };

export interface Weather {
  command(command: string): Fate;
  transfer(command: string): Fate;
  connection(): "open" | "unreachable" | "busy";
  /** Whether the server takes the connection to a data port. */
  dataPort(): boolean;
}

const DONE: Fate = { kind: "done" };

export const CALM: Weather = {
  command: () => DONE,
  transfer: () => DONE,
  connection: () => "open",
  dataPort: () => true,
};

/**
 * What is asked is never denied although it is so: a 550 is a server's word that nothing is there.
 */
const QUESTIONS = /^(NOOP|CWD|MLST|SIZE|MDTM|EPSV|PASV|SITE|MLSD|LIST)\b/;
const QUESTION_REFUSALS = ["450 Busy", "451 Local error"] as const;
const REFUSALS = ["450 Busy", "550 Permission denied", "553 Not that name", "552 Quota exceeded", "452 Full"] as const;
/** Carried out late, these make or move away what nobody looks for any more: no client can prevent it. */
const NEVER_LATE = /^(STOR|APPE|MKD|EPSV|PASV|MLSD|LIST)\b|^RNTO .*\.miroir-/;

/** @param roughness how probable it is that something goes wrong with one command */
export function createWeather(random: Random, roughness: number): Weather {
  const stubborn = random.chance(0.3) ? stubbornRefusal(random) : undefined;
  return {
    command(command) {
      const isQuestion = QUESTIONS.test(command);
      if (stubborn?.matches(command)) return { kind: "refused", reply: stubborn.reply };
      if (!random.chance(roughness)) return DONE;
      if (command === "EPSV" && random.chance(0.2)) return { kind: "refused", reply: "500 Unknown" };
      switch (random.weighted({ refused: 5, closing: 1, lost: 2, unanswered: 3, late: 2 })) {
        case "refused":
          return { kind: "refused", reply: random.pick(isQuestion ? QUESTION_REFUSALS : REFUSALS) };
        case "closing":
          return { kind: "refused", reply: "421 Closing" };
        case "lost":
          return { kind: "lost" };
        case "late":
          if (!NEVER_LATE.test(command)) return { kind: "late", after: random.below(12) };
          return { kind: "unanswered" };
        default:
          return { kind: "unanswered" };
      }
    },
    transfer(command) {
      if (stubborn?.matches(command)) return { kind: "refused", reply: stubborn.reply };
      if (!random.chance(roughness)) return DONE;
      const isQuestion = QUESTIONS.test(command);
      switch (random.weighted({ refused: 3, lost: 2, unanswered: 2, cut: 3, short: isQuestion ? 0 : 3 })) {
        case "refused":
          return { kind: "refused", reply: random.pick(isQuestion ? QUESTION_REFUSALS : REFUSALS) };
        case "lost":
          return { kind: "lost" };
        case "unanswered":
          return { kind: "unanswered" };
        case "cut":
          return { kind: "cut" };
        default:
          return { kind: "short" };
      }
    },
    connection() {
      if (!random.chance(roughness)) return "open";
      return random.pick(["unreachable", "busy"]);
    },
    dataPort: () => !random.chance(roughness / 2),
  };
}

/** A server that refuses one kind of command all the time, perhaps only for some names. */
function stubbornRefusal(random: Random): { matches(command: string): boolean; reply: string } {
  const verb = random.pick(["RNTO", "RNFR", "DELE", "MKD", "RMD", "STOR", "MFMT"]);
  const ending = random.pick(["", "", "/a", "/b", ".dot"]);
  return { matches: (command) => command.startsWith(`${verb} `) && command.endsWith(ending), reply: "550 Never" };
}
