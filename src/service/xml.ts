import { UsageError } from "../options/usage-error.ts";

/** An element with text or with elements in it. */
export type Element = readonly [name: string, content: string | readonly Element[], attributes?: Attributes];
export type Attributes = Readonly<Record<string, string>>;

/** Indented; an element without content is closed in itself. @throws UsageError for what XML cannot hold */
export function xml([name, content, attributes = {}]: Element, indent = ""): string {
  const given = Object.entries(attributes).map(([key, value]) => ` ${key}="${escapeXml(value)}"`);
  const start = `${indent}<${name}${given.join("")}`;
  if (typeof content === "string") return `${start}>${escapeXml(content)}</${name}>\n`;
  if (content.length === 0) return `${start}/>\n`;
  return `${start}>\n${content.map((each) => xml(each, `${indent}  `)).join("")}${indent}</${name}>\n`;
}

function escapeXml(text: string): string {
  if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(text) || !text.isWellFormed()) {
    throw new UsageError(
      `Cannot write ${JSON.stringify(text)} into a service: it has a character that XML cannot hold`,
    );
  }
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replace(/[\t\n\r]/g, (each) => `&#${each.charCodeAt(0)};`);
}

export function unescapeXml(text: string): string {
  const named: Record<string, string> = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'" };
  return text.replace(/&(?:#(\d+)|\w+);/g, (whole, code) =>
    code ? String.fromCodePoint(code) : (named[whole] ?? whole),
  );
}
