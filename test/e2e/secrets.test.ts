import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Fault } from "../servers/embedded.ts";
import type { Finished } from "./program.ts";
import { createSandbox, type Sandbox } from "./sandbox.ts";
import { remoteOf } from "./scene.ts";
import { waitFor } from "./wait.ts";

const PASSWORDS = ["hunter2-and-more", "s\u00e9cr/t p@ss:w\u00f6rd%41?#&+", '"quoted" \\ <and> $HOME `x`', "pw"];

/** What must be found nowhere. */
function formsOf(password: string): string[] {
  const plain = Buffer.from(password);
  // Of a few letters it is too short to be told from other words, but by itself.
  const within = password.length < 6 ? [] : [Buffer.from(`alice:${password}`), Buffer.from(`\0alice\0${password}`)];
  const base64 = [plain, ...within].flatMap((bytes) => [bytes.toString("base64"), bytes.toString("base64url")]);
  const percent = [...plain].map((byte) => `%${byte.toString(16)}`).join("");
  const encoded = [encodeURIComponent(password), encodeURI(password), percent, percent.toUpperCase()];
  const inJson = JSON.stringify(password).slice(1, -1);
  return [...new Set([password, inJson, ...encoded, ...base64])].filter((form) => form.length > 1);
}

/** A server that repeats what it was told, in every form. */
const echo = (password: string) => formsOf(password).join(" | ");

/** `isThere`: the remote folder, without which nothing in it is asked for. */
const ECHOES: Array<{ name: string; faults: (said: string) => Fault[]; code: number; isThere?: boolean }> = [
  {
    name: "in its greeting",
    faults: (said) => [{ command: "GREETING", rawReply: `220-${said}\r\n220 ${said}\r\n` }],
    code: 0,
  },
  {
    name: "in a refused greeting",
    faults: (said) => [{ command: "GREETING", reply: `530 ${said}`, times: 99 }],
    code: 3,
  },
  { name: "in a 421", faults: (said) => [{ command: "USER", reply: `421 ${said}`, times: 99 }], code: 3 },
  { name: "in a 331", faults: (said) => [{ command: "USER", rawReply: `331 ${said}\r\n`, times: 99 }], code: 0 },
  { name: "in a 530", faults: (said) => [{ command: "PASS", reply: `530 ${said}`, times: 99 }], code: 4 },
  {
    name: "in a 530 of many lines",
    faults: (said) => [{ command: "PASS", reply: `530-no\r\n ${said}\r\n530 ${said}`, times: 99 }],
    code: 4,
  },
  { name: "in nonsense", faults: (said) => [{ command: "PASS", rawReply: `299 ${said}\r\n`, times: 99 }], code: 3 },
  {
    name: "in a line nobody asked for",
    faults: (said) => [{ command: "PASS", unsolicited: `200 ${said}`, place: "after", times: 99 }],
    code: 3,
  },
  {
    name: "in FEAT",
    faults: (said) => [{ command: "FEAT", rawReply: `211-\r\n ${said}\r\n SIZE\r\n211 End\r\n`, times: 99 }],
    code: 0,
  },
  { name: "in a refused TYPE", faults: (said) => [{ command: "TYPE", reply: `504 ${said}`, times: 99 }], code: 1 },
  { name: "in a refused STOR", faults: (said) => [{ command: "STOR", reply: `550 ${said}`, times: 99 }], code: 1 },
  { name: "in a refused MKD", faults: (said) => [{ command: "MKD", reply: `550 ${said}`, times: 99 }], code: 5 },
  {
    name: "in a refused passive mode",
    faults: (said) => [{ command: /^(EPSV|PASV)/, reply: `425 ${said}`, times: 999 }],
    code: 1,
  },
  {
    name: "in a refused listing",
    faults: (said) => [{ command: /^(MLSD|LIST)/, reply: `450 ${said}`, times: 99 }],
    code: 1,
    isThere: true,
  },
];

function textsBelow(folder: string, leaveOut: Set<string>): Map<string, string> {
  const texts = new Map<string, string>();
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (leaveOut.has(path)) continue;
    if (statSync(path).isDirectory()) for (const [each, text] of textsBelow(path, leaveOut)) texts.set(each, text);
    else texts.set(path, `${path}\n${readFileSync(path, "latin1")}\n${readFileSync(path, "utf8")}`);
  }
  return texts;
}

/** Everything that was written and said, but for FOLDER and the files that are there to hold the password. */
function expectNoSecret(
  sandbox: Sandbox,
  { stdout, stderr }: Pick<Finished, "stdout" | "stderr">,
  password: string,
  holders: string[] = [],
) {
  const texts = textsBelow(sandbox.root, new Set([sandbox.folder, ...holders]));
  texts.set("stdout", stdout).set("stderr", stderr);
  const found = [...texts].flatMap(([where, text]) =>
    formsOf(password)
      .filter((form) => text.includes(form))
      .map((form) => `${where}: ${form}`),
  );
  expect(found).toEqual([]);
}

describe.each(["text", "json"])("no secret is written or said, log format %s", (format) => {
  const passwords = format === "text" ? PASSWORDS : PASSWORDS.slice(1, 2);

  test.each(ECHOES)("when the server repeats it $name", async ({ faults, code, isThere = false }) => {
    for (const password of passwords) {
      await using sandbox = createSandbox();
      const server = await sandbox.embedded({ password, faults: faults(echo(password)) });
      if (isThere) mkdirSync(remoteOf(server));
      sandbox.write("folder/a.txt", "a");
      const more = ["--debug", "--log-format", format, "--retries", "1"];
      const result = await sandbox.sync(server, ...more);
      expect({ password, code: result.code }).toEqual({ password, code });
      expectNoSecret(sandbox, result, password);
      // It was said: the log has the place where it stood.
      expect(readFileSync(sandbox.logFile, "utf8")).toContain("***");
      expectNoSecret(sandbox, await sandbox.sync(server, ...more, "--dry-run"), password);
      if (format === "json" || password !== PASSWORDS[0]) continue;
      const [folder = "", site = ""] = sandbox.site(server);
      const looks = [
        ["check", folder, site],
        ["check", folder, site, "--json"],
        ["doctor", site],
        ["doctor", site, "--json"],
      ];
      for (const look of looks) {
        const own = ["--state-dir", sandbox.stateDir, "--timeout", "2s"];
        expectNoSecret(sandbox, await sandbox.run([...look, ...own], sandbox.env(server)), password);
      }
    }
  });

  test("however it is given, in sync, watch and --dry-run, right and wrong", async () => {
    for (const password of passwords) {
      await using sandbox = createSandbox();
      const server = await sandbox.embedded({ password });
      const file = join(sandbox.root, "password.txt");
      writeFileSync(file, `${password}\n`, { mode: 0o600 });
      const [folder = "", site = "", ...rest] = sandbox.site(server);
      const inUrl = site.replace("@", `:${encodeURIComponent(password)}@`);
      const ways: Array<{ site: string; more: string[]; env?: Record<string, string> }> = [
        { site, more: ["--password", password] },
        { site, more: [`--password=${password}`] },
        { site: inUrl, more: [] },
        { site, more: ["--password-file", file] },
        { site, more: [], env: { MIROIR_PASSWORD: password } },
      ];
      for (const [index, way] of ways.entries()) {
        const args = (command: string, ...options: string[]) => [
          ...[command, folder, `${way.site}-${index}`, ...rest, "--debug", "--log-format", format],
          ...[...way.more, ...options],
        ];
        const env = sandbox.env(undefined, way.env);
        sandbox.write("a.txt", `content ${index}`);
        const own = ["--state-dir", sandbox.stateDir];
        const check = ["check", folder, `${way.site}-${index}`, ...own, "--debug", ...way.more];
        for (const words of [args("sync"), args("sync", "--dry-run"), check, ["status", "--json", ...own]]) {
          const result = await sandbox.run(words, env);
          // A status is 1 where a run before was refused.
          expect([0, 1]).toContain(result.code);
          expectNoSecret(sandbox, result, password, [file]);
        }
        await expectSecretWatch(sandbox, args("watch"), env, password, file);
        server.inject({ command: "PASS", reply: `530 Not ${echo(password)}` });
        sandbox.write("b.txt", `content ${index}`);
        const refused = await sandbox.run(args("sync"), env);
        expect(refused.code).toBe(4);
        expectNoSecret(sandbox, refused, password, [file]);
        server.clearFaults();
      }
    }
  });
});

/** A watch that loses its session, and is refused when it comes back. */
async function expectSecretWatch(
  sandbox: Sandbox,
  args: string[],
  env: Record<string, string>,
  password: string,
  holder: string,
) {
  const starts = () => readFileSync(sandbox.logFile, "utf8").split("command").length;
  const before = starts();
  const watch = sandbox.start(args, env);
  await waitFor("the watch to begin", () => watch.hasEnded || starts() > before);
  watch.kill("SIGTERM");
  const result = await watch.finished();
  expect(result.code).toBe(0);
  expectNoSecret(sandbox, result, password, [holder]);
}

test.each([
  { name: "a password that is cut off by its spaces", args: ["--password", "first", "second-half"] },
  { name: "an option's typo behind it", args: ["--password", "hunter2-and-more", "--depht", "3"] },
  { name: "a typo of the option", args: ["--pasword", "hunter2-and-more"] },
  { name: "a typo with an equals sign", args: ["--pasword=hunter2-and-more"] },
  { name: "a URL of another scheme", args: ["http://alice:hunter2-and-more@example.org"] },
  { name: "a URL without a scheme", args: ["alice:hunter2-and-more@example.org"] },
  { name: "a password with a slash in a URL", args: ["ftp://alice:hunter2/and-more@example.org/www"] },
  { name: "two sites", args: ["ftp://h/www", "ftp://alice:hunter2-and-more@example.org"] },
  { name: "a line break", args: ["--password", "hunter2\nand-more"] },
])("a usage error does not show the secret: $name", async ({ args }) => {
  await using sandbox = createSandbox();
  const command = ["sync", sandbox.folder, ...args, "--log", sandbox.logFile, "--debug"];
  const { code, stdout, stderr } = await sandbox.run(command);
  expect({ code, stdout, lines: stderr.split("\n").length - 1 }).toEqual({ code: 2, stdout: "", lines: 1 });
  for (const part of ["hunter2", "and-more", "second-half"]) expect(stderr).not.toContain(part);
});
