import { describe, expect, test } from "bun:test";
import { overdueAfterMs, problemsOf } from "../../src/report/health.ts";
import { statusJson, statusLines } from "../../src/report/status-lines.ts";
import type { KnownMirror } from "../../src/state/mirrors.ts";
import type { Run } from "../../src/state/run.ts";
import type { Status } from "../../src/state/status.ts";

const NOW = new Date("2026-03-04T12:00:00Z");
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const before = (ms: number) => new Date(NOW.getTime() - ms).toISOString();

interface Change {
  status?: Partial<Status>;
  run?: Partial<Run> | undefined;
  running?: boolean;
  isApproved?: boolean;
}

/** A mirror that is well: a watch at work, or a sync that ended 10 minutes ago. */
function mirror({ status = {}, run = {}, running = true, isApproved = false }: Change): KnownMirror {
  const at = before(running ? MINUTE : 10 * MINUTE);
  const ended = running ? {} : { endedAt: at, exit: 0 };
  return {
    id: "website-1",
    directory: "/state/website-1",
    profiles: [],
    isApproved,
    status: { told: [], folder: "/f", site: "ftp://a@h:21/", completedPassAt: at, lastPassAt: at, ...status },
    holder: running ? { pid: 7, startedAt: before(HOUR), host: "h" } : undefined,
    run: { command: running ? "watch" : "sync", startedAt: before(HOUR), aliveAt: at, starts: [], ...ended, ...run },
  };
}

describe("problemsOf()", () => {
  test.each<{ name: string } & Change>([
    { name: "a watch at work" },
    { name: "a sync that ended well", running: false },
    { name: "a watch that was stopped", running: false, run: { command: "watch" } },
    { name: "an upload that has just begun", status: { oldestChangeAt: before(9 * MINUTE) } },
    { name: "a pass that takes hours and is alive", run: { passingSince: before(5 * HOUR) } },
    { name: "a quiet watch", status: { lastPassAt: before(40 * HOUR), completedPassAt: before(40 * HOUR) } },
  ])("has nothing to say of $name", (change) => expect(problemsOf(mirror(change), NOW)).toEqual([]));

  test.each<{ name: string; want: string } & Change>([
    {
      name: "a killed watch",
      running: false,
      run: { endedAt: undefined as never },
      want: "killed or crashed, last alive 10 min ago",
    },
    { name: "a watch that hangs", run: { aliveAt: before(5 * MINUTE) }, want: "no sign of life since 5 min ago" },
    { name: "a refused login", status: { failure: "login" }, want: "the login was refused" },
    { name: "a reason of another version", status: { failure: "odd" }, want: "odd" },
    { name: "failing entries", status: { failing: 2 }, want: "2 failing" },
    { name: "entries that wait for their next try", status: { pending: 1 }, want: "1 pending" },
    { name: "parked deletions", status: { parked: 30 }, want: '30 deletions wait for "miroir approve"' },
    {
      name: "deletions that were let go since",
      status: { parked: 30 },
      isApproved: true,
      want: "30 deletions are approved and go with the next pass",
    },
    { name: "one parked deletion", status: { parked: 1 }, want: '1 deletion waits for "miroir approve"' },
    {
      name: "lag",
      status: { oldestChangeAt: before(11 * MINUTE) },
      want: "the oldest change is not on the site since 11 min ago",
    },
    {
      name: "a sync nobody runs any more",
      running: false,
      status: { completedPassAt: before(25 * HOUR) },
      want: "nobody looked for too long",
    },
    {
      name: "a schedule that stopped",
      running: false,
      run: { starts: [4, 3, 2, 1].map((each) => before(HOUR + each * 5 * MINUTE)) },
      status: { completedPassAt: before(HOUR) },
      want: "nobody looked for too long",
    },
    {
      name: "an interrupted sync",
      running: false,
      run: { exit: 130 },
      want: "the last run ended with code 130 (interrupted by SIGINT)",
    },
    { name: "a bug", running: false, run: { exit: 70 }, want: "the last run ended with code 70 (a bug in miroir)" },
    {
      name: "a first pass under way",
      status: { completedPassAt: undefined as never },
      want: "no pass was ever completed",
    },
  ])("tells of $name", ({ want, ...change }) => {
    const each = mirror(change);
    expect(problemsOf(each, NOW)).toEqual([want]);
    expect(statusLines([each], NOW)).toEqual([expect.stringContaining(`: NOT HEALTHY (${want}), `)]);
    expect(JSON.parse(statusJson([each], NOW))).toEqual([
      expect.objectContaining({ healthy: false, problems: [want] }),
    ]);
  });

  test("tells everything, the worst first", () => {
    const many = mirror({
      running: false,
      run: { endedAt: undefined as never },
      status: { failure: "tls", parked: 3 },
    });
    expect(problemsOf(many, NOW)).toEqual([
      "killed or crashed, last alive 10 min ago",
      "no trusted encryption",
      '3 deletions wait for "miroir approve"',
    ]);
  });
});

test.each<{ name: string; minutes: number[]; want: number }>([
  { name: "unknown", minutes: [], want: 24 * HOUR },
  { name: "too few to know", minutes: [30, 15, 0], want: 24 * HOUR },
  { name: "each 15 minutes", minutes: [46, 30, 15, 0], want: 48 * MINUTE },
  { name: "each minute", minutes: [3, 2, 1, 0], want: 10 * MINUTE },
  { name: "each week", minutes: [30_240, 20_160, 10_080, 0], want: 21 * 24 * HOUR },
  { name: "by hand", minutes: [300, 299, 120, 0], want: 24 * HOUR },
])("overdueAfterMs() for starts that come $name", ({ minutes, want }) => {
  expect(overdueAfterMs(minutes.map((each) => before(each * MINUTE)))).toBe(want);
});

describe("statusLines()", () => {
  test.each<{ name: string; change: Change & { profiles?: string[] }; want: string }>([
    {
      name: "a watch",
      change: {},
      want: "website-1  /f -> ftp://a@h:21/: healthy, running (pid 7), last pass 60 s ago",
    },
    {
      name: "a profile's",
      change: { profiles: ["web", "w2"], running: false },
      want: "website-1  [web, w2] /f -> ftp://a@h:21/: healthy, stopped, last pass 10 min ago",
    },
    {
      name: "a long pass",
      change: { run: { passingSince: before(2 * HOUR) } },
      want: "website-1  /f -> ftp://a@h:21/: healthy, running (pid 7), a pass began 2 h ago, last pass 60 s ago",
    },
    {
      name: "a name with a line feed",
      change: { status: { folder: "/f\nx" } },
      want: "website-1  /f\\nx -> ftp://a@h:21/: healthy, running (pid 7), last pass 60 s ago",
    },
  ])("is one line for $name", ({ change, want }) => {
    const { profiles = [], ...rest } = change;
    expect(statusLines([{ ...mirror(rest), profiles }], NOW)).toEqual([want]);
  });
});
