import { escapeText } from "./escape.ts";
import { COST_PER_STEP_BYTES, liveWidth, type PassView, passLines, shorten } from "./progress-lines.ts";
import type { Screen } from "./screen.ts";

/** What a mirror tells of its work while it is at it. */
export interface Progress {
  /** Something that takes time and has no measure. */
  phase(words: string): void;
  /** A pass is about to do so much; one that plans again does so much more. */
  planned(work: Work): void;
  /** So much of a file has been handed to the network. */
  sent(path: string, sentBytes: number): void;
  /** A step has ended, well or not. */
  settled(path: string, how: { isUpload: boolean; isDone: boolean }): void;
  /** The pass is over. `words`: how the mirror stands, until something else is shown. */
  rest(words: string): void;
  /** Whether the movements of this pass are too many to be listed one by one. */
  readonly isBusy: boolean;
}

export interface Work {
  /** The files to send, by path. */
  uploads: ReadonlyMap<string, number>;
  /** Everything else. */
  steps: number;
}

/** A pass of more steps than this shows its progress instead of a line for each. */
const LISTED_STEPS = 40;
/** A rate that is younger than this says nothing. */
const RATE_FROM_MS = 1500;
/** As long as no rate is known, a file of this size is worth a line of its own. */
const SHOWN_FROM_BYTES = 1_000_000;
/** How fast a rate follows what it measures. */
const RATE_SMOOTHING_MS = 3000;

export interface ProgressClocks {
  /** Milliseconds that never jump. */
  monotonicMs(): number;
  /** For the time of day of the last change. */
  now(): Date;
}

export function createProgress(screen: Screen, { monotonicMs, now }: ProgressClocks): Progress {
  let uploads = new Map<string, number>();
  let inFlight = new Map<string, number>();
  let view = emptyView();
  let meter = createMeter(monotonicMs);
  let lastChange = "";

  const showPass = () => screen.show((columns) => passLines(currentView(), columns), { moves: true });
  const showWords = (words: string) => screen.show((columns) => [shorten(escapeText(words), liveWidth(columns))]);

  function currentView(): PassView {
    const flying = [...inFlight].map(([path, sentBytes]) => {
      const sizeBytes = uploads.get(path) ?? sentBytes;
      return { path: escapeText(path), sizeBytes, sentBytes: Math.min(sizeBytes, sentBytes) };
    });
    const bytesDone = view.bytesDone + flying.reduce((sum, { sentBytes }) => sum + sentBytes, 0);
    const settled = view.filesDone + view.stepsDone;
    const { bytesPerSecond, costPerSecond } = meter.measure(bytesDone, bytesDone + settled * COST_PER_STEP_BYTES);
    const costLeft = view.bytes - bytesDone + (view.files + view.steps - settled) * COST_PER_STEP_BYTES;
    return {
      ...view,
      bytesDone,
      bytesPerSecond,
      secondsLeft: costPerSecond ? costLeft / costPerSecond : undefined,
      // A file that is gone in an instant would only flicker.
      inFlight: flying
        .filter(({ sizeBytes }) => sizeBytes > 0 && sizeBytes >= (bytesPerSecond ?? SHOWN_FROM_BYTES))
        .map(({ path, sizeBytes, sentBytes }) => ({ path, share: sentBytes / sizeBytes })),
    };
  }

  return {
    phase: showWords,
    planned(work) {
      if (view.files + view.steps === 0) meter = createMeter(monotonicMs);
      for (const [path, sizeBytes] of work.uploads) {
        uploads.set(path, sizeBytes);
        view.bytes += sizeBytes;
      }
      view.files += work.uploads.size;
      view.steps += work.steps;
      showPass();
    },
    sent(path, sentBytes) {
      inFlight.set(path, sentBytes);
      showPass();
    },
    settled(path, { isUpload, isDone }) {
      inFlight.delete(path);
      if (isUpload) {
        view.filesDone++;
        view.bytesDone += uploads.get(path) ?? 0;
      } else view.stepsDone++;
      if (isDone) lastChange = `, last change ${timeOfDay(now())} ${path}`;
      showPass();
    },
    rest(words) {
      uploads = new Map();
      inFlight = new Map();
      view = emptyView();
      showWords(words + lastChange);
    },
    get isBusy() {
      return view.files + view.steps > LISTED_STEPS;
    },
  };
}

const timeOfDay = (at: Date) => at.toTimeString().slice(0, 8);

function emptyView(): Omit<PassView, "bytesPerSecond" | "secondsLeft" | "inFlight"> {
  return { files: 0, filesDone: 0, bytes: 0, bytesDone: 0, steps: 0, stepsDone: 0 };
}

/** Rates that follow what was measured last, by an exponential mean. */
function createMeter(monotonicMs: () => number) {
  const startedAtMs = monotonicMs();
  let last = { atMs: startedAtMs, bytes: 0, cost: 0 };
  let rates: { bytes: number; cost: number } | undefined;
  return {
    measure(bytes: number, cost: number): { bytesPerSecond?: number | undefined; costPerSecond?: number | undefined } {
      const atMs = monotonicMs();
      const elapsedMs = atMs - last.atMs;
      if (elapsedMs > 0) {
        const weight = rates === undefined ? 1 : 1 - Math.exp(-elapsedMs / RATE_SMOOTHING_MS);
        const mean = (before: number, amount: number) =>
          before + weight * ((Math.max(0, amount) / elapsedMs) * 1000 - before);
        rates = { bytes: mean(rates?.bytes ?? 0, bytes - last.bytes), cost: mean(rates?.cost ?? 0, cost - last.cost) };
        last = { atMs, bytes, cost };
      }
      if (atMs - startedAtMs < RATE_FROM_MS || rates === undefined) return {};
      return { bytesPerSecond: rates.bytes, costPerSecond: rates.cost };
    },
  };
}
