import type { LogRecord } from "./record.ts";

const MASK = "***";
/** From a closed list, or of our own making: to mask in them would only break scripts. */
const NEVER = new Set(["event", "reason", "sha1", "version"]);
/** A shorter secret is a part of too many words: it is masked where it stands by itself, and in no path. */
const LONG_ENOUGH = 4;
/** Fewer characters of base64 stand in too many words by chance. */
const BASE64_TELLS = 6;

/** Gives a copy of a record in which no secret stands: not plain, not percent-encoded, not in base64. */
export function createMask(secrets: readonly string[]): (record: LogRecord) => LogRecord {
  const inNames = patternOf(secrets, shortInAddress);
  const inDetails = patternOf(secrets, shortAlone);
  if (!inNames || !inDetails) return (record) => record;
  return (record) => {
    const masked: LogRecord = { ...record };
    for (const [field, value] of Object.entries(record)) {
      if (typeof value !== "string" || NEVER.has(field)) continue;
      const pattern = field === "detail" || record.event === "ftp" ? inDetails : inNames;
      masked[field] = value.replace(pattern, MASK);
    }
    return masked;
  };
}

/** The same for a text of no known form. */
export function createTextMask(secrets: readonly string[]): (text: string) => string {
  const pattern = patternOf(secrets, shortAlone);
  return (text) => (pattern ? text.replace(pattern, MASK) : text);
}

/** @param formsOfShort how a secret is looked for that is shorter than LONG_ENOUGH */
function patternOf(secrets: readonly string[], formsOfShort: (secret: string) => string[]): RegExp | undefined {
  // The longer first: of two secrets where one begins the other, the whole one must go.
  const longestFirst = secrets.filter((secret) => secret !== "").sort((a, b) => b.length - a.length);
  const forms = longestFirst.flatMap((secret) =>
    secret.length < LONG_ENOUGH ? formsOfShort(secret) : [mixedForm(secret), ...base64Forms(secret)],
  );
  return forms.length > 0 ? new RegExp(forms.join("|"), "gu") : undefined;
}

/** As the password of a URL. */
function shortInAddress(secret: string): string[] {
  return [`(?<=://[^\\s/@:]*:)${mixedForm(secret)}(?=@)`];
}

/** Where it is a word of its own: behind `PASS`, in quotation marks, in a URL. */
function shortAlone(secret: string): string[] {
  const before = /^[\p{L}\p{N}_]/u.test(secret) ? "(?<![\\p{L}\\p{N}_])" : "(?<![^\\s\"'`:=])";
  const after = /[\p{L}\p{N}_]$/u.test(secret) ? "(?![\\p{L}\\p{N}_])" : "(?![^\\s\"'`@])";
  const base64 = base64Forms(secret).map((form) => `(?<![\\w+/=-])${form}(?![\\w+/=-])`);
  return [`${before}${mixedForm(secret)}${after}`, ...shortInAddress(secret), ...base64];
}

/** Each character as itself, escaped, or percent-encoded: what must be encoded is seen differently by everyone. */
function mixedForm(secret: string): string {
  return [...secret]
    .map((char) => {
      const encoded = [...Buffer.from(char)].map((byte) => `%${anyCase(byte.toString(16).padStart(2, "0"))}`).join("");
      const escaped = /["'\\]/.test(char) ? "\\\\?" : "";
      return `(?:${escaped}${literal(char)}|${encoded}${char === " " ? "|\\+" : ""})`;
    })
    .join("");
}

/** By itself, and as a part of something else (`user:password`): then how it looks follows from where it begins. */
function base64Forms(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const alone = bytes.toString("base64").replace(/=+$/, "");
  const within = [0, 1, 2].flatMap((before) => {
    const whole = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64");
    // What neighbours have a share in is left out here, and taken with it in the text.
    const own = whole.slice(Math.ceil((before * 4) / 3), Math.floor(((before + bytes.length) * 4) / 3));
    return own.length < BASE64_TELLS ? [] : [`[\\w+/-]?${eitherAlphabet(own)}[\\w+/-]?={0,2}`];
  });
  return [...within, `${eitherAlphabet(alone)}={0,2}`];
}

/** The two alphabets of RFC 4648. */
function eitherAlphabet(base64: string): string {
  return base64.replaceAll("+", "[+-]").replaceAll("/", "[/_]");
}

function anyCase(hex: string): string {
  return hex.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
