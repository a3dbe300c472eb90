import { expect, test } from "bun:test";
import type { ExperimentResult } from "./experiment.ts";
import { benchPage, chartGroups } from "./page.ts";
import { toldCommands } from "./told.ts";
import { isInstalled } from "./tools.ts";

const steady = (value: number) => ({ median: value, smallest: value, largest: value });
const goal = { what: "as fast", unit: "×", goal: { atLeast: 2 } };
const time = (contestant: string, seconds: number) => ({ contestant, seconds: steady(seconds), runs: 3 });

const RESULTS: ExperimentResult[] = [
  {
    name: "race",
    work: "a race",
    rows: [
      { ...goal, ...steady(2.5), isMet: true },
      { ...goal, ...steady(1.5), isMet: false },
      { what: "memory", unit: "MB", ...steady(40), isMet: undefined },
    ],
    times: [time("miroir", 1), time("lftp", 2)],
  },
  { name: "alone", work: "alone", rows: [], times: [time("miroir", 1)] },
  { name: "broken", work: "broken", rows: [], times: [], failure: "it fell over" },
];

test("benchPage() counts goals that are met, missed, and not reached at all", () => {
  const page = benchPage(RESULTS, { machine: [["memory", "24 GiB"]], rounds: 3, commands: ["lftp -c open"] });
  expect(page).toContain("1 of 3 goals are met");
  expect(page).toContain("| broken | failed: it fell over |");
  expect(page).toContain("| memory | 24 GiB |");
  expect(page).toContain("lftp -c open");
});

test("chartGroups() compares what several programs did", () => {
  expect(chartGroups(RESULTS)).toEqual([
    {
      title: "a race",
      bars: [
        { label: "miroir", seconds: steady(1), isOurs: true },
        { label: "lftp", seconds: steady(2), isOurs: false },
      ],
    },
  ]);
});

test.skipIf(!isInstalled("rclone"))(
  "toldCommands() shows every program by its name, and no path of this machine",
  () => {
    const commands = toldCommands();
    const programs = new Set(commands.map((command) => command.split(" ", 1)[0]));
    expect([...programs].sort()).toEqual(["curl", "lftp", "miroir", "rclone", "sh"]);
    const paths = commands.flatMap((command) => command.match(/(?<![\w:/])\/[\w-]+\/[\w./-]*/g) ?? []);
    expect(new Set(paths)).toEqual(new Set(["/dev/null"]));
  },
);
