import type { RealServerKind } from "../servers/real.ts";
import type { Ground } from "./ground.ts";
import { type Summary, summarise } from "./statistics.ts";
import type { Tool } from "./tools.ts";

/** What one run gave: figures by the name of what was measured. */
export type Sample = Record<string, number>;

/** One program, told to do one thing. */
export interface Contestant {
  name: string;
  /** Too slow, or too steady, to be run in each round. */
  once?: boolean;
  /** Runs under other conditions than the rest: its time is not shown beside theirs. */
  isApart?: boolean;
  /** Prepares, measures, and checks that all was done. Throws when it was not. */
  run(): Promise<Sample[]>;
}

/** All figures of a contestant for one measure, in the order of the rounds. */
export type Figures = (contestant: string, measure: string) => number[];

export interface Goal {
  atLeast?: number;
  atMost?: number;
}

/** What is made of the figures, and what it should come to. */
export interface Row {
  what: string;
  unit: string;
  /** Without one it is there to compare with. */
  goal?: Goal;
  /** One value for each round, where rounds can be told apart; their median counts. */
  values(of: Figures): number[];
}

/** The same work by several programs. */
export interface Experiment {
  name: string;
  work: string;
  servers: readonly RealServerKind[];
  tools: readonly Tool[];
  /** Makes what the contestants work with. */
  open(ground: Ground): Promise<Contestant[]>;
  rows: readonly Row[];
}

export interface RowResult extends Omit<Row, "values">, Summary {
  /** Undefined where there is no goal. */
  isMet: boolean | undefined;
}

export interface ExperimentResult {
  name: string;
  work: string;
  rows: RowResult[];
  /** Whole runs, in seconds. */
  times: { contestant: string; seconds: Summary; runs: number }[];
  /** Why it came to no end; it then has neither rows nor times. */
  failure?: string;
}

/**
 * Runs each contestant once in each round, in turn, beginning with another one each time: what disturbs the machine
 * for a while disturbs all of them.
 */
export async function runExperiment(experiment: Experiment, ground: Ground, rounds: number): Promise<ExperimentResult> {
  const { name, work, rows } = experiment;
  const contestants = await experiment.open(ground);
  const samples = new Map<string, Sample[]>(contestants.map((contestant) => [contestant.name, []]));
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < contestants.length; turn++) {
      const contestant = contestants[(round + turn) % contestants.length];
      if (contestant === undefined || (contestant.once && round > 0)) continue;
      ground.signal.throwIfAborted();
      samples.get(contestant.name)?.push(...(await contestant.run()));
    }
  }
  const of: Figures = (contestant, measure) =>
    (samples.get(contestant) ?? []).flatMap((sample) => sample[measure] ?? []);
  return {
    name,
    work,
    rows: rows.map((row) => judge(row, of)),
    times: contestants
      .filter(({ isApart }) => !isApart)
      .map((contestant) => ({ contestant: contestant.name, figures: of(contestant.name, "seconds") }))
      .filter(({ figures }) => figures.length > 0)
      .map(({ contestant, figures }) => ({ contestant, seconds: summarise(figures), runs: figures.length })),
  };
}

function judge({ values, ...row }: Row, of: Figures): RowResult {
  const summary = summarise(values(of));
  return { ...row, ...summary, isMet: row.goal && isMet(summary.median, row.goal) };
}

export function isMet(value: number, { atLeast = -Infinity, atMost = Infinity }: Goal): boolean {
  return value >= atLeast && value <= atMost;
}
