/**
 * `npm run bench`: the same work by miroir's executable and by others, side by side, on real servers.
 *
 * --rows TEXT,...    only experiments whose name holds one of these texts
 * --rounds N         how often each program does the same (3)
 * --size full|tiny   tiny: a quick run that only shows that everything works; its figures mean nothing
 * --write            write docs/bench.md and docs/bench.svg
 * --list             only tell the names of the experiments
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { barChart } from "./chart.ts";
import { type ExperimentResult, runExperiment } from "./experiment.ts";
import { createGround, type Ground, RELAY_HOST } from "./ground.ts";
import { describeMachine } from "./machine.ts";
import { missingFor } from "./needs.ts";
import { benchPage, chartGroups } from "./page.ts";
import { goalRows, timeRows } from "./results.ts";
import { measureRoundTripMs } from "./round-trip.ts";
import { secondsSince } from "./run.ts";
import { type Settings, settingsOf } from "./settings.ts";
import { formatFigure, textTable } from "./table.ts";
import { toldCommands } from "./told.ts";

const DOCUMENTS = join(import.meta.dir, "..", "..", "docs");

function say(line = ""): void {
  process.stdout.write(`${line}\n`);
}

async function runAll(ground: Ground, { chosen, rounds }: Settings): Promise<ExperimentResult[]> {
  const results: ExperimentResult[] = [];
  for (const [index, experiment] of chosen.entries()) {
    const { name, work } = experiment;
    process.stdout.write(`${index + 1}/${chosen.length} ${name}: `);
    const startMs = performance.now();
    try {
      results.push(await runExperiment(experiment, ground, rounds));
      say(formatFigure(secondsSince(startMs), "s"));
    } catch (error) {
      if (ground.signal.aborted) throw error;
      // The others still have something to tell.
      const failure = error instanceof Error ? error.message : String(error);
      say(`failed: ${failure}`);
      results.push({ name, work, rows: [], times: [], failure });
    }
  }
  return results;
}

/** @returns the exit code: 0 also where goals are missed, 1 where something did not work */
async function bench(settings: Settings, signal: AbortSignal): Promise<number> {
  const { size, rounds, chosen, isWritten } = settings;
  const missing = missingFor(chosen);
  if (missing.length > 0)
    throw new Error(`Cannot run: ${missing.join(", ")}. On Debian, as root, ".ci/run setup" helps`);
  const ground = createGround(size, signal);
  try {
    const roundTripMs = await measureRoundTripMs(RELAY_HOST, size.rttMs);
    const machine: [string, string][] = [
      ...describeMachine(ground.folder),
      [`a round trip of ${size.rttMs} ms, measured`, formatFigure(roundTripMs, "ms")],
    ];
    for (const [name, value] of machine) say(`${name}: ${value}`);
    say();
    const results = await runAll(ground, settings);
    for (const table of [timeRows(results), goalRows(results, size.isJudged)]) {
      if (table.length > 1) say(`\n${textTable(table)}`);
    }
    if (isWritten) {
      writeFileSync(join(DOCUMENTS, "bench.md"), benchPage(results, { machine, rounds, commands: toldCommands() }));
      writeFileSync(join(DOCUMENTS, "bench.svg"), barChart(chartGroups(results), "Times of miroir and others"));
    }
    return results.some(({ failure }) => failure !== undefined) ? 1 : 0;
  } finally {
    await ground.end();
  }
}

const interruption = new AbortController();
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(name, () => interruption.abort(new Error("Stopped; nothing is left running")));
}
try {
  const settings = settingsOf(process.argv.slice(2));
  if (settings.isList) for (const { name, work } of settings.chosen) say(`${name}: ${work}`);
  else process.exitCode = await bench(settings, interruption.signal);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = interruption.signal.aborted ? 130 : 1;
}
