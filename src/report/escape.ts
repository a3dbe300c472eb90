// Controls (C0, DEL, C1), the line and paragraph separators, and what turns the direction of the text.
const UNSAFE = /[\0-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const SHORT: Record<string, string> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** Makes `text` one harmless line of a terminal: `\n`, `\x1b`, `\u2028`. */
export function escapeText(text: string): string {
  return text.replace(UNSAFE, (char) => SHORT[char] ?? escaped(char)).replace(LONE_SURROGATE, escaped);
}

/** The same for a finished JSON text, as JSON's own escapes: its value stays what it was. */
export function escapeJson(json: string): string {
  return json.replace(UNSAFE, (char) => `\\u${hex(char, 4)}`);
}

function escaped(char: string): string {
  return char < "\u0100" ? `\\x${hex(char, 2)}` : `\\u${hex(char, 4)}`;
}

function hex(char: string, digits: number): string {
  return char.charCodeAt(0).toString(16).padStart(digits, "0");
}
