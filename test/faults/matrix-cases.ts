import type { FaultEffect } from "../servers/embedded.ts";
import { SUBJECTS, type Subject } from "./matrix-subjects.ts";
import { REMOTE_FOLDER } from "./world.ts";

export interface Effect {
  name: string;
  effect: FaultEffect;
}

export interface Case extends Effect {
  subject: Subject;
  times: number;
}

const reply = (code: number): Effect => ({ name: `${code}`, effect: { reply: code } });
const raw = (name: string, text: string): Effect => ({ name, effect: { rawReply: text } });

/** What is tried at every moment. */
const ALWAYS: [Effect, number][] = [
  [{ name: "control dropped before", effect: { drop: "control", when: "before" } }, 1],
  [{ name: "control dropped after", effect: { drop: "control", when: "after" } }, 1],
  [reply(550), 1],
  [reply(451), Number.POSITIVE_INFINITY],
];

/** What is dealt out, a few to each moment, so that each meets moments of every kind. */
const DEALT: Effect[] = [
  ...[421, 425, 426, 450, 452, 500, 502, 530, 552, 553].map(reply),
  { name: "both connections dropped before", effect: { drop: "both", when: "before" } },
  { name: "no answer", effect: { stallMs: 1e9, when: "before" } },
  { name: "carried out without an answer", effect: { withholdReply: true } },
  { name: "carried out late, when nobody waits", effect: { stallMs: 2500, when: "before", outlives: true } },
  { name: "carried out, then 421", effect: { reply: 421, when: "after" } },
  { name: "answered late", effect: { delayReplyMs: 400 } },
  { name: "a reply too many before", effect: { unsolicited: "226 hello" } },
  { name: "a reply too many after", effect: { unsolicited: "550 late", place: "after" } },
  raw("garbage", "\0garbage\r\n"),
  raw("an empty line", "\r\n"),
  raw("a huge line", `226 ${"x".repeat(200_000)}\r\n`),
  raw("no line end", "x".repeat(200_000)),
  raw("a reply without an end", `550-${"y\r\n ".repeat(5000)}`),
  raw("a 299", "299 Fine\r\n"),
  raw("a 350", "350 More\r\n"),
  raw("a 150", "150 Soon\r\n"),
  raw("a 000", "000 What\r\n"),
  raw("a 999", "999 What\r\n"),
];
const DEALT_TO_EACH = 2;

/** What can happen to the bytes of a transfer. */
const IN_TRANSFER: Effect[] = [
  ...[0, 1, 100_000].flatMap((afterBytes): Effect[] => [
    { name: `control dropped at ${afterBytes}`, effect: { drop: "control", when: "during", afterBytes } },
    { name: `data dropped at ${afterBytes}`, effect: { drop: "data", when: "during", afterBytes } },
    { name: `reset at ${afterBytes}`, effect: { reset: true, afterBytes } },
    { name: `552 at ${afterBytes}`, effect: { reply: 552, when: "during", afterBytes } },
    { name: `226 at ${afterBytes}`, effect: { reply: 226, when: "during", afterBytes } },
    { name: `cut at ${afterBytes} with 226`, effect: { truncateAt: afterBytes, reply: 226 } },
  ]),
  { name: "stalled at 1", effect: { stallMs: 1e9, when: "during", afterBytes: 1 } },
  { name: "reset before", effect: { reset: true, when: "before" } },
  { name: "226 before the bytes", effect: { early: true } },
];
/** Only an upload keeps bytes; a listing cut with a 226 is another story. */
const isOfUploads = ({ effect }: Effect) => "truncateAt" in effect;

/** One of each kind is enough. */
const isTransfer = ({ match: { command, path }, inPlace }: Subject) =>
  ["STOR", "MLSD", "LIST"].includes(String(command)) && (inPlace || path === undefined || path === REMOTE_FOLDER);

/** What some moments need beside what is dealt to them. */
const CARRIED_OUT = { name: "carried out, then 450", effect: { reply: 450, when: "after" } } as const;
const CHOSEN: Case[] = SUBJECTS.filter(({ gaps, match }) => gaps && match.command !== "MLST").map((subject) => ({
  ...CARRIED_OUT,
  subject,
  times: Number.POSITIVE_INFINITY,
}));

const EACH: Case[] = SUBJECTS.flatMap((subject, index) => {
  const cases: Case[] = ALWAYS.map(([effect, times]) => ({ ...effect, subject, times }));
  for (let share = 0; share < DEALT_TO_EACH; share++) {
    const turn = index * DEALT_TO_EACH + share;
    const effect = DEALT[turn % DEALT.length];
    // Each time round the other way, so that every effect fires once and for ever.
    const isForEver = (turn + Math.floor(turn / DEALT.length)) % 2 === 1;
    if (effect) cases.push({ ...effect, subject, times: isForEver ? Number.POSITIVE_INFINITY : 1 });
  }
  if (!isTransfer(subject)) return cases;
  const uploads = subject.match.command === "STOR";
  return [
    ...cases,
    ...IN_TRANSFER.filter((effect) => uploads || !isOfUploads(effect)).map((effect) => ({
      ...effect,
      subject,
      times: 1,
    })),
  ];
});

export const CASES: Case[] = [...EACH, ...CHOSEN];
