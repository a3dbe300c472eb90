import type { BarGroup } from "./chart.ts";
import type { ExperimentResult } from "./experiment.ts";
import { goalRows, timeRows } from "./results.ts";
import { markdownTable } from "./table.ts";

export interface PageFacts {
  /** Where and when: names and values. */
  machine: readonly [string, string][];
  rounds: number;
  /** What every program was told to do. */
  commands: readonly string[];
}

/** docs/bench.md. The chart is beside it. */
export function benchPage(results: readonly ExperimentResult[], { machine, rounds, commands }: PageFacts): string {
  const judged = results.flatMap(({ rows, failure }) => (failure ? [false] : rows.flatMap(({ isMet }) => isMet ?? [])));
  return `# Speed

This page is written by \`npm run bench -- --write\`: miroir's executable beside lftp, rclone and curl, doing the same on
the same servers. ${judged.filter((isMet) => isMet).length} of ${judged.length} goals are met.

${markdownTable([["", ""], ...machine])}

Each program runs ${rounds} times, in turn with the others; a figure is the median, the spread goes from the smallest to
the largest. A figure without a spread was measured once. Seconds are those of the whole process, from its start to its
end, login included.

![Bar chart of the times below](bench.svg)

Bars show medians, lines the spread. The longest bar of each group has full length.

## Goals

${markdownTable(goalRows(results, true))}

## Times

${markdownTable(timeRows(results))}

## What is compared

- **The same work.** Each run sends into a new remote folder. After it names, sizes and bytes of what arrived are
  compared with what was to be sent; a run that left anything out makes the whole row a failure.
- **What each does for a file.** miroir sends under a temporary name, asks for the size, sets the time, renames, takes
  the SHA-1 of what it sent, and writes each step to a journal on the disk and to a log. lftp and rclone write onto the
  final name and set the time; rclone asks for the size. lftp as it is also sets permissions;
  where it is told to leave them alone, all do the same. curl sends the bytes.
- **The servers** run on the same machine, with the settings of the tests (\`test/servers/real-configurations.ts\`), and are
  the same for all.
- **Distance.** "RTT 20 ms" means through a relay on another loopback address that holds each byte back for 10 ms, in
  either direction, on control and data connections alike (\`test/bench/relay.ts\`). Opening a connection costs the client
  nothing there; on a real network it costs a round trip more, for every program that does nothing else meanwhile. "No
  latency" goes straight to the server.
- **Round trips a file** are the time with one connection, divided by the round trip and the number of files. They
  include the start, the login and the first listing.
- **A saved file** is looked for on the server's disk each millisecond. The interval is the time that a burst of saves
  is given.
- **Waits of timers** are noted by a probe inside miroir's executable, in a run of its own.
- **Memory** is the most that was ever resident (VmHWM), for an idle watch what is resident at the end (VmRSS). Processor
  time is that of all threads.
- **Not measured**: sending without SHA-1. There is no such option.

## What each was told

Words in capitals stand for what differs. On vsftpd lftp and rclone are told how to set times there.

\`\`\`
${commands.join("\n")}
\`\`\`
`;
}

/** Where others did the same. */
export function chartGroups(results: readonly ExperimentResult[]): BarGroup[] {
  return results
    .map(({ work, times }) => ({
      title: work,
      bars: times.map(({ contestant, seconds }) => ({ label: contestant, seconds, isOurs: contestant === "miroir" })),
    }))
    .filter(({ bars }) => bars.some(({ isOurs }) => isOurs) && bars.length > 1);
}
