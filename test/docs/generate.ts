/** `npm run docs` writes what of the documents follows from the program: tables of README.md, whole pages of docs/. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT, readDocument } from "./document.ts";
import { messageDocument } from "./message-table.ts";
import { optionDocument } from "./option-table.ts";
import { withTables } from "./tables.ts";

/** What each document has to be now. */
export const GENERATED: Record<string, () => string> = {
  "README.md": () => withTables(readDocument("README.md")),
  "docs/options.md": optionDocument,
  "docs/messages.md": messageDocument,
};

if (import.meta.main) {
  for (const [path, text] of Object.entries(GENERATED)) writeFileSync(join(ROOT, path), text());
}
