import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPasswordFileReader, findPassword, type PasswordSources } from "../../src/options/credentials.ts";
import { exposureByMode } from "../../src/options/exposure.ts";
import { UsageError } from "../../src/options/usage-error.ts";

const ALL: PasswordSources = {
  options: { password: "by flag", passwordFile: "secret.txt" },
  address: { host: "h", user: "alice", urlPassword: "by url" },
  env: { MIROIR_PASSWORD: "by environment" },
  readFile: async () => file("by file\n"),
  isTerminal: true,
  prompt: async () => "by prompt",
};
const NO_OPTIONS = { password: undefined, passwordFile: undefined };
const NO_URL_PASSWORD = { host: "h", user: "alice" };

function file(content: string | Uint8Array) {
  return { bytes: typeof content === "string" ? new TextEncoder().encode(content) : content, exposure: undefined };
}

async function refusal(sources: PasswordSources): Promise<UsageError> {
  const error: unknown = await findPassword(sources).then(
    () => new Error("not refused"),
    (reason: unknown) => reason,
  );
  if (error instanceof UsageError) return error;
  throw error;
}

describe("findPassword()", () => {
  const withoutFlag = { ...ALL, options: { ...NO_OPTIONS, passwordFile: "secret.txt" } };
  const withoutFile = { ...ALL, options: NO_OPTIONS };
  const withoutUrl = { ...withoutFile, address: NO_URL_PASSWORD };
  const withoutVariable = { ...withoutUrl, env: { MIROIR_PASSWORD: "" } };
  const anonymous = { ...withoutVariable, address: { host: "h", user: "Anonymous" } };

  test.each<{ sources: PasswordSources; password: string; from: string; warned?: RegExp }>([
    { sources: ALL, password: "by flag", from: "flag", warned: /"--password" can be read in the process list/ },
    { sources: withoutFlag, password: "by file", from: "file" },
    { sources: withoutFile, password: "by url", from: "url", warned: /"SITE" can be read in the process list/ },
    { sources: withoutUrl, password: "by environment", from: "environment" },
    { sources: withoutVariable, password: "by prompt", from: "prompt" },
    { sources: anonymous, password: "anonymous@", from: "anonymous" },
    { sources: { ...anonymous, env: ALL.env }, password: "by environment", from: "environment" },
  ])("takes it from $from", async ({ sources, password, from, warned }) => {
    const found = await findPassword(sources);
    expect(found).toMatchObject({ password, from });
    expect(found.warnings).toHaveLength(warned ? 1 : 0);
    if (warned) expect(found.warnings[0]).toMatch(warned);
  });

  test.each<{ gives: ("password" | "password-file" | "site")[]; sources: PasswordSources; want: string }>([
    { gives: ["password", "password-file", "site"], sources: ALL, want: "by environment" },
    { gives: ["password"], sources: ALL, want: "by file" },
    { gives: ["password", "password-file"], sources: ALL, want: "by url" },
    { gives: ["password", "password-file", "site"], sources: { ...ALL, env: {} }, want: "by flag" },
    { gives: ["password-file", "site"], sources: { ...withoutFlag, env: {} }, want: "by file" },
    { gives: ["site"], sources: { ...withoutFile, env: {} }, want: "by url" },
  ])("where a profile gives $gives it is the one $want, without a word on the process list", async (row) => {
    const found = await findPassword({ ...row.sources, profileGives: new Set(row.gives) });
    expect(found.password).toBe(row.want);
    if (row.gives.includes("site")) expect(found.warnings).toEqual([]);
  });

  test.each(["password", "password-file", "site"] as const)("a profile's %s is for no other account", async (gives) => {
    const sources = { ...(gives === "site" ? withoutFile : gives === "password" ? ALL : withoutFlag), env: {} };
    const profileGives = new Set(["password", "password-file", "site"] as const);
    const { message } = await refusal({ ...sources, profileGives, profileIsOther: "shop", isTerminal: false });
    expect(message).toContain('that of the profile "shop" is for another');
    const byHand = await findPassword({ ...sources, profileGives, profileIsOther: "shop", prompt: async () => "mine" });
    expect(byHand.password).toBe("mine");
  });

  test("asks for the account by name", async () => {
    let asked = "";
    const prompt = async (question: string) => {
      asked = question;
      return "x";
    };
    await findPassword({ ...withoutVariable, prompt });
    expect(asked).toBe("Password for alice@h: ");
  });

  test("without a terminal names what would give it", async () => {
    const { message } = await refusal({ ...withoutVariable, isTerminal: false });
    expect(message).toContain("--password-file FILE or set MIROIR_PASSWORD");
  });

  test("refuses an empty answer", async () => {
    expect((await refusal({ ...withoutVariable, prompt: async () => "" })).message).toContain("nothing was typed");
  });

  test.each<{ name: string; sources: PasswordSources; origin: string }>([
    { name: "flag", sources: { ...ALL, options: { ...NO_OPTIONS, password: "hunter2\n" } }, origin: "--password" },
    {
      name: "URL",
      sources: { ...withoutFile, address: { ...NO_URL_PASSWORD, urlPassword: "hunter2\r" } },
      origin: "SITE",
    },
    { name: "variable", sources: { ...withoutUrl, env: { MIROIR_PASSWORD: "a\0hunter2" } }, origin: "MIROIR_PASSWORD" },
    { name: "file", sources: { ...withoutFlag, readFile: async () => file("a\rhunter2") }, origin: "secret.txt" },
  ])("refuses a line break or NUL from the $name without showing it", async ({ sources, origin }) => {
    const { message } = await refusal(sources);
    expect(message).toContain(`Cannot use the password from "${origin}"`);
    expect(message).not.toContain("hunter2");
  });

  test.each<[string, string | Uint8Array, string]>([
    ["no line end", "pw", "pw"],
    ["CRLF", "pw\r\n", "pw"],
    ["CR alone", "pw\r", "pw"],
    ["a byte order mark", "\ufeffpw\n", "pw"],
    ["more lines", "pw\nother\n", "pw"],
    ["spaces", " p w \n", " p w "],
    ["UTF-8", "pässwörd 🔑\n", "pässwörd 🔑"],
  ])("reads the first line of a file with %s", async (_, content, want) => {
    expect((await findPassword({ ...withoutFlag, readFile: async () => file(content) })).password).toBe(want);
  });

  test.each<[string, string | Uint8Array, string]>([
    ["is empty", "", "its first line is empty"],
    ["begins with an empty line", "\nhunter2", "its first line is empty"],
    ["holds a mark alone", "\ufeff\r\n", "its first line is empty"],
    ["is UTF-16", Uint8Array.of(0xff, 0xfe, 0x68, 0), "Save it as UTF-8"],
  ])("refuses a file that %s", async (_, content, want) => {
    expect((await refusal({ ...withoutFlag, readFile: async () => file(content) })).message).toContain(want);
  });

  test.each<[number, boolean]>([
    [0o600, false],
    [0o400, false],
    [0o640, true],
    [0o604, true],
    [0o644, true],
  ])("a file of mode %p earns a warning: %p", async (mode, want) => {
    const exposure = exposureByMode("secret.txt", mode);
    const { warnings } = await findPassword({ ...withoutFlag, readFile: async () => ({ ...file("pw"), exposure }) });
    expect(warnings.some((warning) => warning.includes('"secret.txt" is open to other accounts'))).toBe(want);
  });
});

describe("createPasswordFileReader()", () => {
  const folder = mkdtempSync(join(tmpdir(), "miroir-credentials-"));
  const path = join(folder, "password");
  afterAll(() => rmSync(folder, { recursive: true }));

  test("reads content and who else may read it", async () => {
    writeFileSync(path, "pw\n");
    chmodSync(path, 0o640);
    const exposure = { to: "mode 640", remedy: "chmod 600 on it" };
    expect(await createPasswordFileReader(exposureByMode)(path)).toEqual({ bytes: Buffer.from("pw\n"), exposure });
  });

  test.each([
    join(folder, "none"),
    folder,
  ])("what it cannot read is a UsageError in the system's words: %s", async (bad) => {
    const options = { password: undefined, passwordFile: bad };
    const { message } = await refusal({ ...ALL, options, readFile: createPasswordFileReader(exposureByMode) });
    expect(message).toMatch(/^Cannot read the password file ".*": it [a-z ]+ \(E[A-Z]+\)$/);
  });
});
