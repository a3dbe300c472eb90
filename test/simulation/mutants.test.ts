import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ofThisPart } from "../part.ts";

/** A mistake that a later change could make, and the words in which the simulation notices it. */
interface Mutant {
  name: string;
  file: string;
  text: string;
  becomes: string;
  says: string;
}

/** Seeds within which a mutant must be caught, several times what it takes. */
const SEEDS = 400;
const TIMEOUT_MS = 5 * 60_000;
const root = join(import.meta.dir, "..", "..");
let base = "";

const MUTANTS: Mutant[] = [
  {
    name: "the size of what arrived is not looked at",
    file: "remote/send.ts",
    text: `if (arrived === sizeBytes || arrived === "unknown") return;`,
    becomes: "if (arrived !== undefined) return;",
    says: "a visitor sees no whole version",
  },
  {
    name: "a step is recorded before the server has confirmed it",
    file: "remote/operations.ts",
    text: "const { replies, ending } = await window.answered;",
    becomes: `for (const { operation } of window.sent) report(operation, { status: "done" });
      const { replies, ending } = await window.answered;`,
    says: "the manifest claims|the manifest forgets",
  },
  {
    name: "what was recorded is written to the journal at the end of a pass only",
    file: "mirror/memory.ts",
    text: "    commit,\n    approved()",
    becomes: "    commit() {},\n    approved()",
    says: "is left on the site|is still on the site",
  },
  {
    name: "what a listing does not show is believed to be gone",
    file: "mirror/verify.ts",
    text: "const entry = there.get(path) ?? (await look(path, parts));",
    becomes: "const entry = there.get(path);",
    says: "the manifest forgets",
  },
  {
    name: "what lies below an unreadable folder is deleted",
    file: "detect/diff.ts",
    text: "if (problems.has(above) || snapshot.skipped.has(above)) return true;",
    becomes: "if (snapshot.skipped.has(above)) return true;",
    says: "vanishes although it is in FOLDER",
  },
  {
    name: "the old file is deleted before the new one is there",
    file: "remote/train.ts",
    text: "const checked = arrived && (await judge(asking, arrived, answers, report, tools));",
    becomes: `if (arrived) await asking.session.pipeline.exchange([{ text: \`DELE \${tools.pathOf(arrived.job.path)}\`, expects: [250, 550] }]);
    const checked = arrived && (await judge(asking, arrived, answers, report, tools));`,
    says: "vanishes although it is in FOLDER",
  },
  {
    name: "a time that a later edit may bear as well is believed",
    file: "detect/content.ts",
    text: "return Math.abs(readAtMs - mtimeMs) < RACY_MS;",
    becomes: "return Math.abs(readAtMs - mtimeMs) < -RACY_MS;",
    says: "is another on the site",
  },
  {
    name: "a suddenly empty FOLDER is believed",
    file: "mirror/belief.ts",
    text: `return "empty";`,
    becomes: "return undefined;",
    says: "goes because FOLDER is empty",
  },
];

beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), "miroir-mutants-"));
});

afterAll(() => rmSync(base, { recursive: true, force: true }));

/** A copy of the program, and of what simulates it, with one text replaced. */
function copyWith(mutant: Mutant): string {
  const copy = mkdtempSync(join(base, "copy-"));
  const parts = ["src", "package.json", "test/simulation", "test/mirror/mirror-parts.ts"];
  for (const part of parts) cpSync(join(root, part), join(copy, part), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"), "junction");
  const file = join(copy, "src", mutant.file);
  const [before, after, ...more] = readFileSync(file, "utf8").split(mutant.text);
  if (before === undefined || after === undefined || more.length > 0) {
    throw new Error(`"${mutant.text}" does not stand exactly once in "src/${mutant.file}": adapt the mutant to it`);
  }
  writeFileSync(file, `${before}${mutant.becomes}${after}`);
  return copy;
}

/** @returns what was noticed first; empty for nothing */
async function hunt(copy: string, words: string): Promise<string> {
  const hunter = Bun.spawn([process.execPath, "test/simulation/hunt.ts", "1", String(SEEDS), words], {
    cwd: copy,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const found = await hunter.stdout.text();
  expect(await hunter.exited).toBe(0);
  return found;
}

describe("the simulation notices", () => {
  test.each(ofThisPart(MUTANTS))(
    "when $name",
    async (mutant) => {
      expect(await hunt(copyWith(mutant), mutant.says)).toMatch(new RegExp(`^seed \\d+: .*(${mutant.says})`));
    },
    TIMEOUT_MS,
  );
});
