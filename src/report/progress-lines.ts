/** What a pass has done so far, and what there is to do. */
export interface PassView {
  files: number;
  filesDone: number;
  bytes: number;
  bytesDone: number;
  /** Everything but uploads. */
  steps: number;
  stepsDone: number;
  /** Undefined as long as too little is known. */
  bytesPerSecond: number | undefined;
  secondsLeft: number | undefined;
  /** Files under way, with the share of each that is sent (0 to 1). */
  inFlight: ReadonlyArray<{ path: string; share: number }>;
}

const BAR_COLUMNS = 16;
/** Below this there is no place for a bar. */
const BAR_FROM_COLUMNS = 60;
const MOST_IN_FLIGHT = 4;

/** A full last column breaks lines on some terminals, and the `^C` that one echoes stands behind the last line. */
const FREE_COLUMNS = 3;

/** How long a live line may be on a terminal of so many columns. */
export function liveWidth(columns: number): number {
  return Math.max(1, columns - FREE_COLUMNS);
}

/** The live lines of a pass, none longer than `liveWidth()`. */
export function passLines(view: PassView, columns: number): string[] {
  const width = liveWidth(columns);
  const share = shareOf(view);
  const percent = `${Math.floor(share * 100)} %`.padStart(5);
  const facts = [
    view.files > 0 ? `${view.filesDone}/${view.files} files` : `${view.stepsDone}/${view.steps} steps`,
    ...(view.bytes > 0 ? [`${formatBytes(view.bytesDone)} of ${formatBytes(view.bytes)}`] : []),
    ...(view.secondsLeft === undefined ? [] : [`${formatSeconds(view.secondsLeft)} left`]),
    ...(view.bytesPerSecond === undefined ? [] : [`${formatBytes(view.bytesPerSecond)}/s`]),
  ];
  const head = columns >= BAR_FROM_COLUMNS ? `${bar(share)}${percent}` : percent.trimStart();
  let line = head;
  // What matters less stands behind, and is left out first.
  for (const fact of facts) {
    const longer = line === head ? `${line}  ${fact}` : `${line}, ${fact}`;
    if (longer.length > width) break;
    line = longer;
  }
  const inFlight = view.inFlight.slice(0, MOST_IN_FLIGHT).map(({ path, share: sent }) => {
    const end = ` ${Math.floor(sent * 100)} %`;
    return `  ${shorten(path, width - 2 - end.length)}${end}`;
  });
  return [line.slice(0, width), ...inFlight];
}

/** Bytes say most of a pass; what has none counts as a small file. */
function shareOf({ files, filesDone, bytes, bytesDone, steps, stepsDone }: PassView): number {
  const all = bytes + (files + steps) * COST_PER_STEP_BYTES;
  const done = bytesDone + (filesDone + stepsDone) * COST_PER_STEP_BYTES;
  return all === 0 ? 1 : Math.min(1, done / all);
}

/** What the round trips of a file or a step cost, in bytes that could have been sent meanwhile. */
export const COST_PER_STEP_BYTES = 32 * 1024;

function bar(share: number): string {
  const full = Math.round(share * BAR_COLUMNS);
  return `[${"=".repeat(full)}${" ".repeat(BAR_COLUMNS - full)}]`;
}

/** `999 B`, `1.2 kB`, `34 MB`: decimal, as --limit-rate is. */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit > 0 && value < 9.95 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** `0:07`, `12:34`, `3:00:12`. */
export function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value: number) => String(value).padStart(2, "0");
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** Cut in its middle to so many columns: the ends of a path tell most. */
export function shorten(text: string, columns: number): string {
  if (Bun.stringWidth(text) <= columns) return text;
  if (columns < 1) return "";
  const characters = [...text];
  const take = (from: Iterable<string>, most: number) => {
    let width = 0;
    const taken: string[] = [];
    for (const character of from) {
      width += Bun.stringWidth(character);
      if (width > most) break;
      taken.push(character);
    }
    return taken;
  };
  const start = take(characters, Math.floor((columns - 1) / 3));
  const end = take([...characters].reverse(), columns - 1 - Bun.stringWidth(start.join("")));
  return `${start.join("")}…${end.reverse().join("")}`;
}
