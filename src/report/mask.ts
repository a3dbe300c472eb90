import type { LogRecord } from "./record.ts";

const MASK = "***";
/** From a closed list, or of our own making: to mask in them would only break scripts. */
const NEVER = new Set(["event", "reason", "sha1", "version"]);
/** A shorter secret is masked where replies and commands stand, lest it shreds every path. */
const LONG_ENOUGH = 4;

/** Gives a copy of a record in which no secret stands: not plain, not percent-encoded, not in base64. */
export function createMask(secrets: readonly string[]): (record: LogRecord) => LogRecord {
  const present = secrets.filter((secret) => secret !== "");
  const everywhere = patternOf(present.filter((secret) => secret.length >= LONG_ENOUGH));
  const inDetails = patternOf(present);
  if (!inDetails) return (record) => record;
  return (record) => {
    const masked: LogRecord = { ...record };
    for (const [field, value] of Object.entries(record)) {
      if (typeof value !== "string" || NEVER.has(field)) continue;
      const pattern = field === "detail" || record.event === "ftp" ? inDetails : everywhere;
      if (pattern) masked[field] = value.replace(pattern, MASK);
    }
    return masked;
  };
}

function patternOf(secrets: string[]): RegExp | undefined {
  // The longer first: of two secrets where one begins the other, the whole one must go.
  const longestFirst = [...secrets].sort((a, b) => b.length - a.length);
  const forms = longestFirst.flatMap((secret) => [mixedForm(secret), ...base64Forms(secret)]);
  return forms.length > 0 ? new RegExp(forms.join("|"), "g") : undefined;
}

/** Each character as itself or percent-encoded: what must be encoded is seen differently by everyone. */
function mixedForm(secret: string): string {
  return [...secret]
    .map((char) => {
      const encoded = [...Buffer.from(char)].map((byte) => `%${anyCase(byte.toString(16).padStart(2, "0"))}`).join("");
      return `(?:${literal(char)}|${encoded}${char === " " ? "|\\+" : ""})`;
    })
    .join("");
}

function base64Forms(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const plain = bytes.toString("base64").replace(/=+$/, "");
  return [`${literal(plain)}={0,2}`, literal(bytes.toString("base64url"))];
}

function anyCase(hex: string): string {
  return hex.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}
