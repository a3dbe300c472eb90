/** The command line, the environment or a file named there cannot be used: exit code 2. The message is one line and holds no secret. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  /** The option or variable at fault, as the user writes it (`--depth`, `MIROIR_DEPTH`). */
  readonly option: string | undefined;

  constructor(message: string, option?: string, settings?: ErrorOptions) {
    super(message, settings);
    this.option = option;
  }
}

const LONGEST_QUOTE = 160;
// Control characters, line separators, direction marks and lone surrogates would break or disguise the line.
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]|\p{Surrogate}/gu;

/** The text in double quotes, on one line whatever it holds. */
export function quote(text: string): string {
  const shown = text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}...` : text;
  return `"${printable(shown)}"`;
}

/** The text on one line, whatever it holds. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

/** Hides what may be a password in a URL: all from the first ":" after the scheme to the last "@". */
export function maskPassword(text: string): string {
  const start = /^[a-z][a-z0-9+.-]*:\/+/i.exec(text)?.[0].length ?? 0;
  const colon = text.indexOf(":", start);
  const at = text.lastIndexOf("@");
  return colon < 0 || at < colon ? text : `${text.slice(0, colon)}:***${text.slice(at)}`;
}
