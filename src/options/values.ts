/** How the text of one value is read and shown. Reading what `format` shows gives the same value, unless told otherwise. */
export interface ValueType<T> {
  /** The placeholder in the usage text. */
  readonly hint: string;
  /** Ends the sentence "expected ...". */
  readonly expected: string;
  /** A number of TOML is a value too. */
  readonly isNumeric?: true;
  /** The value, or `undefined` when the text is none. */
  parse(text: string): T | undefined;
  format(value: T): string;
}

/** A word that stands for "without limit". */
interface Endless {
  endless?: string;
}

export function text(hint: string, expected: string): ValueType<string> {
  return {
    hint,
    expected,
    parse: (given) => (given === "" || given.includes("\0") ? undefined : given),
    format: (value) => value,
  };
}

export function choice<const T extends string>(...words: [T, ...T[]]): ValueType<T> {
  return {
    hint: words.join("|"),
    expected: `one of ${words.map((word) => `"${word}"`).join(", ")}`,
    parse: (given) => words.find((word) => word === given),
    format: (value) => value,
  };
}

export function integer({ min, max, endless }: { min: number; max?: number } & Endless): ValueType<number> {
  const range = max === undefined ? `a whole number, ${min} or more` : `a whole number from ${min} to ${max}`;
  return {
    hint: endless === undefined ? "N" : `N|${endless}`,
    isNumeric: true,
    expected: orWord(range, endless),
    parse: (given) => {
      if (given === endless) return Number.POSITIVE_INFINITY;
      if (!/^\d+$/.test(given)) return undefined;
      const value = Number(given);
      return value >= min && value <= (max ?? Number.MAX_SAFE_INTEGER) ? value : undefined;
    },
    format: (value) => (endless !== undefined && value === Number.POSITIVE_INFINITY ? endless : String(value)),
  };
}

const UNITS_MS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const;
// A timer of 2^31 ms fires at once.
const LONGEST_MS = 24 * UNITS_MS.d;

/** Whole milliseconds. A bare number is seconds. */
export function duration({ minMs, endless }: { minMs: number } & Endless): ValueType<number> {
  const [last, ...others] = [24 * UNITS_MS.h, 5 * UNITS_MS.m, 30 * UNITS_MS.s, 500]
    .filter((each) => each >= minMs)
    .map((each) => `"${formatDuration(each)}"`);
  const examples = `${others.reverse().join(", ")} or ${last}`;
  const limits = `a duration from ${formatDuration(minMs)} to 24d, like ${examples}`;
  return {
    hint: "DURATION",
    isNumeric: true,
    expected: orWord(limits, endless),
    parse: (given) => {
      if (given === endless) return Number.POSITIVE_INFINITY;
      const [, number, unit = "s"] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(given) ?? [];
      if (number === undefined) return undefined;
      const valueMs = Math.round(Number(number) * UNITS_MS[unit as keyof typeof UNITS_MS]);
      return valueMs >= minMs && valueMs <= LONGEST_MS ? valueMs : undefined;
    },
    format: (value) => (endless !== undefined && value === Number.POSITIVE_INFINITY ? endless : formatDuration(value)),
  };
}

function formatDuration(valueMs: number): string {
  for (const unit of ["h", "m", "s"] as const) {
    if (valueMs > 0 && valueMs % UNITS_MS[unit] === 0) return `${valueMs / UNITS_MS[unit]}${unit}`;
  }
  return `${valueMs}ms`;
}

const DECIMAL = { G: 1e9, M: 1e6, k: 1e3 } as const;

/** Whole bytes, decimal units: `500k` is 500,000. */
export function bytes(hint: string, { endless }: Endless = {}): ValueType<number> {
  return {
    hint,
    isNumeric: true,
    expected: orWord('a number of bytes, 1 or more, like "500k", "10M" or "1G"', endless),
    parse: (given) => {
      if (given === endless) return Number.POSITIVE_INFINITY;
      const [, number, unit] = /^(\d+(?:\.\d+)?)([kKmMgG])?$/.exec(given) ?? [];
      if (number === undefined) return undefined;
      const factor = Object.entries(DECIMAL).find(([name]) => name.toLowerCase() === unit?.toLowerCase())?.[1] ?? 1;
      const value = Math.round(Number(number) * factor);
      return value >= 1 && value <= Number.MAX_SAFE_INTEGER ? value : undefined;
    },
    format: (value) => {
      if (endless !== undefined && value === Number.POSITIVE_INFINITY) return endless;
      const [unit, factor] = Object.entries(DECIMAL).find(([, size]) => value % size === 0) ?? ["", 1];
      return `${value / factor}${unit}`;
    },
  };
}

/** A SHA-256 in 64 lower-case hexadecimal digits, however it was grouped. */
export function fingerprint(): ValueType<string> {
  return {
    hint: "SHA256",
    expected: "a SHA-256 fingerprint of 64 hexadecimal digits, with or without colons",
    parse: (given) => {
      const grouped = /^[0-9a-f]{2}(:[0-9a-f]{2}){31}$/i.test(given);
      return grouped || /^[0-9a-f]{64}$/i.test(given) ? given.replaceAll(":", "").toLowerCase() : undefined;
    },
    format: (value) => value,
  };
}

export type DeletionLimit =
  | { kind: "count"; count: number }
  /** Of the manifest's entries; a pass that deletes `floor` entries or fewer is never held back. */
  | { kind: "percent"; percent: number; floor: 0 | 10 }
  | { kind: "none" };

/** The default's floor cannot be typed: `50%` reads as a floor of 0. */
export function deletionLimit(): ValueType<DeletionLimit> {
  return {
    hint: "N|P%|none",
    isNumeric: true,
    expected: 'a whole number, a percentage from 0% to 100%, or "none"',
    parse: (given) => {
      if (given === "none") return { kind: "none" };
      const [, number, sign] = /^(\d+(?:\.\d+)?)(%)?$/.exec(given) ?? [];
      const value = Number(number);
      if (sign === "%") return value <= 100 ? { kind: "percent", percent: value, floor: 0 } : undefined;
      return Number.isSafeInteger(value) && !given.includes(".") ? { kind: "count", count: value } : undefined;
    },
    format: (value) => {
      switch (value.kind) {
        case "none":
          return "none";
        case "count":
          return String(value.count);
        case "percent":
          return value.floor === 0 ? `${value.percent}%` : `${value.percent}% and more than ${value.floor}`;
        default:
          return value satisfies never;
      }
    },
  };
}

const TRUE_WORDS = ["1", "true", "yes", "on"];
const FALSE_WORDS = ["0", "false", "no", "off"];

export const EXPECTED_SWITCH = '"true", "false", "1", "0", "yes", "no", "on" or "off"';

/** Any case. `undefined` when the text is neither. */
export function parseSwitch(given: string): boolean | undefined {
  const word = given.toLowerCase();
  if (TRUE_WORDS.includes(word)) return true;
  return FALSE_WORDS.includes(word) ? false : undefined;
}

function orWord(expected: string, word: string | undefined): string {
  return word === undefined ? expected : `${expected}, or "${word}"`;
}
