import { replyFor } from "./embedded-replies.ts";

export type Moment = "before" | "during" | "after";

export interface FaultMatch {
  /** The verb (`"STOR"`, `"SITE CHMOD"`, `"GREETING"` for the moment of connecting), or a pattern for the whole line. */
  command: string | RegExp;
  /** Relative to the login folder, without a leading `/`: the whole path, or a pattern. Default: any. */
  path?: string | RegExp;
  /** The match it starts to fire at. Default: 1, the first. */
  occurrence?: number;
  /** How often it fires. Default: 1. */
  times?: number;
  /** Of firing at each match from `occurrence` on, 0 to 1. Default: 1. */
  probability?: number;
}

/**
 * What goes wrong. `before`: instead of carrying the command out. `during`: in a transfer, after `afterBytes` (default 0),
 * with the 150 sent and the file open. `after`: carried out, but the reply is not what it should be.
 */
export type FaultEffect =
  /** Default moment: before. A 421 also ends the session. */
  | { reply: string | number; when?: Moment; afterBytes?: number }
  | { drop: "control" | "data" | "both"; when: Moment; afterBytes?: number }
  /** `outlives`: the command is carried out after the pause even when the session has gone meanwhile. */
  | { stallMs: number; when: Moment; afterBytes?: number; outlives?: true }
  /** The data connection ends in a TCP reset; the reply is 426 unless another fault says otherwise. Default moment: during. */
  | { reset: true; when?: Moment; afterBytes?: number }
  /** Of an upload only so many bytes are kept; the reply claims success unless it is given. */
  | { truncateAt: number; reply?: string | number }
  | { delayReplyMs: number }
  | { withholdReply: true }
  /** The final reply comes before the data has been read or sent. */
  | { early: true }
  /** Sent as it is, instead of the reply. */
  | { rawReply: string | Uint8Array }
  /** An extra line beside the reply. Default place: before. */
  | { unsolicited: string; place?: "before" | "after" };

export type Fault = FaultMatch & FaultEffect;

export type Step =
  | { op: "stall"; ms: number; outlives: boolean }
  | { op: "drop"; what: "control" | "data" | "both" }
  | { op: "reset" }
  | { op: "reply"; text: string };

/** Everything that goes wrong with one command. */
export interface Misbehaviour {
  before: Step[];
  during: { afterBytes: number; step: Step }[];
  after: Step[];
  truncateAt: number;
  early: boolean;
  delayReplyMs: number;
  withholdReply: boolean;
  rawReply: string | Uint8Array | undefined;
  unsolicitedBefore: string[];
  unsolicitedAfter: string[];
}

/** The command as faults see it; `path` as in `FaultMatch`. */
export interface Subject {
  verb: string;
  line: string;
  path: string | undefined;
}

export interface Faults {
  inject(fault: Fault): void;
  clear(): void;
  /** Counts the command against every fault and tells what is to go wrong with it. */
  take(subject: Subject): Misbehaviour;
}

export function createFaults(initial: readonly Fault[], seed: number): Faults {
  const random = createRandom(seed);
  let armed = initial.map(arm);
  return {
    inject: (fault) => void armed.push(arm(fault)),
    clear: () => {
      armed = [];
    },
    take(subject) {
      const misbehaviour = goodBehaviour();
      for (const { fault, seen } of armed) {
        if (!matches(fault, subject)) continue;
        seen.matches++;
        if (seen.matches < (fault.occurrence ?? 1) || seen.fired >= (fault.times ?? 1)) continue;
        if (fault.probability !== undefined && random() >= fault.probability) continue;
        seen.fired++;
        add(misbehaviour, fault);
      }
      misbehaviour.during.sort((a, b) => a.afterBytes - b.afterBytes);
      return misbehaviour;
    },
  };
}

function arm(fault: Fault): { fault: Fault; seen: { matches: number; fired: number } } {
  return { fault, seen: { matches: 0, fired: 0 } };
}

function matches(fault: Fault, { verb, line, path }: Subject): boolean {
  const rightCommand = fault.command instanceof RegExp ? line.search(fault.command) >= 0 : fault.command === verb;
  if (!rightCommand || fault.path === undefined) return rightCommand;
  if (path === undefined) return false;
  return fault.path instanceof RegExp ? path.search(fault.path) >= 0 : fault.path === path;
}

function goodBehaviour(): Misbehaviour {
  return {
    before: [],
    during: [],
    after: [],
    truncateAt: Number.POSITIVE_INFINITY,
    early: false,
    delayReplyMs: 0,
    withholdReply: false,
    rawReply: undefined,
    unsolicitedBefore: [],
    unsolicitedAfter: [],
  };
}

function add(to: Misbehaviour, effect: FaultEffect): void {
  if ("truncateAt" in effect) {
    to.truncateAt = effect.truncateAt;
    if (effect.reply !== undefined) to.after.push({ op: "reply", text: replyFor(effect.reply) });
  } else if ("reply" in effect) {
    addStep(to, effect.when ?? "before", effect.afterBytes, { op: "reply", text: replyFor(effect.reply) });
  } else if ("drop" in effect) {
    addStep(to, effect.when, effect.afterBytes, { op: "drop", what: effect.drop });
  } else if ("stallMs" in effect) {
    const step = { op: "stall", ms: effect.stallMs, outlives: effect.outlives ?? false } as const;
    addStep(to, effect.when, effect.afterBytes, step);
  } else if ("reset" in effect) {
    addStep(to, effect.when ?? "during", effect.afterBytes, { op: "reset" });
  } else if ("delayReplyMs" in effect) {
    to.delayReplyMs += effect.delayReplyMs;
  } else if ("withholdReply" in effect) {
    to.withholdReply = true;
  } else if ("early" in effect) {
    to.early = true;
  } else if ("rawReply" in effect) {
    to.rawReply = effect.rawReply;
  } else {
    (effect.place === "after" ? to.unsolicitedAfter : to.unsolicitedBefore).push(effect.unsolicited);
  }
}

function addStep(to: Misbehaviour, when: Moment, afterBytes: number | undefined, step: Step): void {
  if (when === "during") to.during.push({ afterBytes: afterBytes ?? 0, step });
  else to[when].push(step);
}

/** Mulberry32: the same seed gives the same run. */
function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
