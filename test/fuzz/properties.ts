import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { createRules, linesOf } from "../../src/detect/ignore.ts";
import { emptyManifest, type Manifest } from "../../src/detect/manifest.ts";
import { parseFtpUrl } from "../../src/options/ftp-url.ts";
import { parseProfiles } from "../../src/options/profile.ts";
import { parseCommandLine } from "../../src/options/resolve.ts";
import { UsageError } from "../../src/options/usage-error.ts";
import { ControlContext } from "../../src/remote/control.ts";
import * as features from "../../src/remote/features.ts";
import { parseHumanListing, parseMachineLine, parseMachineListing } from "../../src/remote/listing.ts";
import { createPipeline, SessionEnded } from "../../src/remote/pipeline.ts";
import { escapeJson, escapeText } from "../../src/report/escape.ts";
import { createTextMask } from "../../src/report/mask.ts";
import { StateError } from "../../src/state/errors.ts";
import { readJournal } from "../../src/state/journal.ts";
import { manifestText, parseManifest } from "../../src/state/manifest-text.ts";
import { isRelPath } from "../../src/state/validate.ts";
import { sourceOf } from "../state/manifest-source.ts";
import { damaged, hostileText, inPackets } from "./hostile-text.ts";

/** No input of this size may keep a parser longer, on a machine that is busy with other things. */
const LONGEST_MS = 2000;

type Property = fc.IAsyncProperty<unknown> | fc.IProperty<unknown>;

function check(isTrue: boolean, what: string): void {
  if (!isTrue) throw new Error(`does not hold: ${what}`);
}

/** What `call` gives; undefined where it refuses its input in the way it may. */
function refusable<T>(call: () => T, Refusal: typeof UsageError | typeof StateError = UsageError): T | undefined {
  try {
    return call();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    check(!/[\p{Cc}\u2028\u2029]/u.test(escapeText(error.message)), "a refusal is one line");
    return undefined;
  }
}

function quickly<A extends unknown[]>(run: (...values: A) => void): (...values: A) => void {
  return (...values) => {
    const startedAt = performance.now();
    run(...values);
    check(performance.now() - startedAt < LONGEST_MS, `it takes less than ${LONGEST_MS} ms`);
  };
}

/** What the control connection makes of text that comes in these packets. */
function repliesIn(packets: readonly string[]): string[] {
  const replies: string[] = [];
  const context = new (class extends ControlContext {
    feed(chunk: string): void {
      this._onControlSocketData(chunk);
    }
  })();
  context
    .handle(undefined, (response) => {
      if (response instanceof Error)
        replies.push(`${"code" in response ? response.code : "closed"} ${response.message}`);
      else replies.push(`${response.code} ${response.message}`);
    })
    .catch(() => {});
  for (const packet of packets) context.feed(packet);
  const read = [...replies];
  context.close();
  return read;
}

const long = (piece: string) =>
  fc.integer({ min: 1, max: 60_000 }).map((length) => piece.repeat(Math.ceil(length / piece.length)));
const longText = hostileText(4)
  .filter((piece) => piece !== "")
  .chain(long);

const names = hostileText(6).filter(isRelPath);
const manifests: fc.Arbitrary<Manifest> = fc
  .array(fc.tuple(names, fc.nat(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean()), { maxLength: 6 })
  .map((entries) => {
    const manifest = emptyManifest();
    for (const [path, sizeBytes, mtimeMs, isFolder] of entries) {
      if (isFolder) manifest.folders.add(path);
      else manifest.files.set(path, { sizeBytes, mtimeMs: mtimeMs === 0 ? 0 : mtimeMs, sha1: "0".repeat(40) });
    }
    return manifest;
  });
const IDENTITY = { folder: "/home/alice/website", site: "ftp://alice@example.org:21/www" };
const contentsOf = ({ files, folders }: Manifest) => ({ files: new Map(files), folders });
const textOf = (manifest: Manifest) => [...manifestText(IDENTITY, 3, manifest)].join("");

const journalLines = fc
  .array(
    fc.oneof(
      fc
        .tuple(names, fc.nat())
        .map(([path, sizeBytes]) => ({ op: "put", path, entry: { sizeBytes, mtimeMs: 1, sha1: "1".repeat(40) } })),
      names.map((path) => ({ op: "drop", path })),
      fc.tuple(names, names).map(([from, to]) => ({ op: "move", from, to })),
      names.map((path) => ({ op: "intend", intent: { id: "1", path, temporary: ".miroir-1" } })),
      names.map((path) => ({ op: "begin", steps: [{ op: "delete", path }] })),
      fc.json().map((json) => JSON.parse(json) as unknown),
    ),
    { maxLength: 6 },
  )
  .map((records) =>
    [{ version: 1, ...IDENTITY, generation: 1 }, ...records].map((line) => `${JSON.stringify(line)}\n`).join(""),
  );

const words = fc.constantFrom(
  ...[
    "sync",
    "watch",
    "check",
    "status",
    "stop",
    "init",
    "doctor",
    "service",
    "install",
    ".",
    "ftp://h",
    "--",
    "-",
    "-x",
    "--help",
  ],
  ...[
    "--log",
    "--depth",
    "--depth=",
    "6",
    "--tls",
    "auto",
    "--password",
    "--password=",
    "--exclude",
    "--dry-run",
    "--no-dry-run",
  ],
  ...[
    "--max-delete",
    "50%",
    "--interval",
    "1s",
    "--profile",
    "--config",
    "--json",
    "--port",
    "0",
    "--nonsense",
    "--log-size=1k",
  ],
);

export const PROPERTIES: Record<string, () => Property> = {
  "replies are read the same however packets cut them": () =>
    fc.property(
      inPackets(hostileText()),
      quickly(({ text, packets }) => {
        const whole = repliesIn([text]);
        check(JSON.stringify(repliesIn(packets)) === JSON.stringify(whole), `${JSON.stringify(whole)} whole`);
        check(whole.join("").length <= 2 * text.length + 200, "nothing is made longer");
      }),
    ),

  "replies of any length end, or end the session": () =>
    fc.property(
      longText,
      quickly((text) => void repliesIn([text, "\r\n200 ok\r\n"])),
    ),

  "the queue of replies settles every promise, and counts each answer once": () =>
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 4 }),
      fc.array(
        fc.record({
          code: fc.oneof(fc.constantFrom(120, 150, 200, 226, 421, 550), fc.integer({ min: -5, max: 1200 })),
          message: hostileText(4),
        }),
        { maxLength: 12 },
      ),
      async (batches, replies) => {
        let receive: (reply: { code: number; message: string }) => void = () => {};
        const sent: string[] = [];
        const context = {
          handle: (_: undefined, handler: typeof receive) => {
            receive = handler;
            return new Promise(() => {});
          },
          sendTogether: (commands: string[]) => sent.push(...commands),
          close() {},
        };
        const pipeline = createPipeline(context as unknown as ControlContext, 60_000);
        const exchanges = batches.map((count) =>
          pipeline
            .exchange(Array.from({ length: count }, (_, index) => ({ text: `NOOP ${index}`, expects: [200] })))
            .then(
              (answers) =>
                check(
                  answers.length === count && answers.every(({ code }) => code === 200 || code >= 400),
                  "an exchange has its answers",
                ),
              (error: unknown) =>
                check(
                  error instanceof SessionEnded && error.answered.length < count,
                  "or the session ended before the last",
                ),
            ),
        );
        for (const reply of replies) receive(reply);
        pipeline.end(new Error("over"));
        await Promise.all(exchanges);
        check(sent.length === batches.reduce((sum, count) => sum + count, 0), "every command was sent once");
      },
    ),

  "listings give names that stay in their folder, and sane numbers": () =>
    fc.property(
      fc.oneof(hostileText(), longText),
      quickly((text) => {
        for (const { entries } of [parseMachineListing(text), parseHumanListing(text)]) {
          for (const { name, sizeBytes = 0, mtimeMs = 0 } of entries) {
            check(
              name !== "" && name !== "." && name !== ".." && !/[/\0\n]/.test(name),
              `the name ${JSON.stringify(name)}`,
            );
            check(Number.isFinite(mtimeMs), "its time");
            check(sizeBytes >= 0 || Number.isNaN(sizeBytes), "its size");
          }
        }
        parseMachineLine(text);
      }),
    ),

  "what replies tell is a value of its kind, or nothing": () =>
    fc.property(
      fc.oneof(hostileText(), longText),
      quickly((text) => {
        for (const port of [features.parsePassive(text), features.parseExtendedPassive(text)]) {
          check(port === undefined || (Number.isInteger(port) && port > 0 && port < 65_536), "a port");
        }
        const size = features.parseSize(text);
        check(size === undefined || Number.isSafeInteger(size), "a size");
        const time = features.parseFtpTime(text);
        check(time === undefined || Number.isFinite(time), "a time");
        check(["string", "undefined"].includes(typeof features.parseWorkingFolder(text)), "a folder");
        features.parseFeatures(text.split("\n"));
      }),
    ),

  "a site's URL is taken apart as it was put together": () =>
    fc.property(
      hostileText(5),
      hostileText(5),
      hostileText(5),
      fc.integer({ min: 1, max: 65_535 }),
      (user, password, dir, port) => {
        fc.pre([user, password, dir].every((text) => text !== "" && text.isWellFormed()));
        const encode = (text: string) => encodeURIComponent(text);
        const url = parseFtpUrl(`ftp://${encode(user)}:${encode(password)}@example.org:${port}/${encode(dir)}`);
        check(url.user === user && url.password === password && url.dir === dir && url.port === port, "its parts");
      },
    ),

  "any URL is understood, or refused in one line that keeps the password": () =>
    fc.property(
      hostileText(8),
      hostileText(8),
      quickly((before, after) => {
        for (const url of [
          before + after,
          `ftp://alice:hunter2-secret@${after}`,
          `${before}://alice:hunter2-secret@h/${after}`,
        ]) {
          try {
            parseFtpUrl(url);
          } catch (error) {
            check(
              error instanceof UsageError && !error.message.includes("hunter2-secret"),
              "a refusal without the password",
            );
          }
        }
      }),
    ),

  "any command line is understood, or refused in one line that keeps the password": () =>
    fc.property(
      fc.array(fc.oneof({ weight: 4, arbitrary: words }, hostileText(4)), { maxLength: 8 }),
      hostileText(3),
      quickly((argv, text) => {
        refusable(() => parseCommandLine(argv, { MIROIR_DEPTH: text, MIROIR_EXCLUDE: text }));
        const secret = ["--password", "hunter2-secret"];
        for (const args of [
          [...secret, ...argv],
          ["sync", ".", "ftp://alice:hunter2-secret@h", ...argv],
        ]) {
          try {
            parseCommandLine(args, {});
          } catch (error) {
            check(error instanceof UsageError && !error.message.includes("hunter2"), "a refusal without the password");
          }
        }
      }),
    ),

  "any configuration file is understood, or refused in one line": () => {
    const whole = fc.constant(
      '[website]\nfolder = "a"\nsite = "ftp://h"\nrules = ["*.bak", "!b"]\ndepth = 3\n[other]\nlog = \'x\'\n',
    );
    return fc.property(
      fc.oneof(damaged(whole), hostileText()),
      quickly((text) => {
        refusable(() =>
          parseProfiles(text, { file: "/c/config.toml", home: "/h" } as Parameters<typeof parseProfiles>[1]),
        );
      }),
    );
  },

  "a manifest is read back as it was written": () =>
    fc.property(manifests, (manifest) => {
      const read = parseManifest(sourceOf(textOf(manifest)))?.manifest;
      check(Bun.deepEquals(read && contentsOf(read), contentsOf(manifest), true), `it reads as ${Bun.inspect(read)}`);
    }),

  "a damaged manifest is no manifest, or one of sound entries": () =>
    fc.property(
      fc.oneof(damaged(manifests.map(textOf)), hostileText(), longText),
      quickly((text) => {
        const manifest = parseManifest(sourceOf(text))?.manifest;
        for (const [path, { sizeBytes, mtimeMs, sha1 }] of manifest?.files ?? []) {
          check(
            isRelPath(path) && Number.isSafeInteger(sizeBytes) && sizeBytes >= 0,
            `the entry of ${JSON.stringify(path)}`,
          );
          check(Number.isFinite(mtimeMs) && /^[0-9a-f]{40}$/.test(sha1), `the entry of ${JSON.stringify(path)}`);
        }
        for (const path of manifest?.folders ?? []) check(isRelPath(path), `the folder ${JSON.stringify(path)}`);
      }),
    ),

  "a damaged journal is read up to the damage, or refused": () =>
    fc.property(
      fc.oneof(damaged(journalLines), hostileText()),
      quickly((text) => {
        const folder = mkdtempSync(join(tmpdir(), "miroir-fuzz-"));
        try {
          const file = join(folder, "journal.jsonl");
          writeFileSync(file, text);
          const read = refusable(() => readJournal(file, IDENTITY), StateError);
          check((read?.soundBytes ?? 0) <= Buffer.byteLength(text), "its sound part");
          for (const record of read?.records ?? []) {
            if ("path" in record) check(isRelPath(record.path), `the path ${JSON.stringify(record.path)}`);
            if (record.op === "intend")
              check(/(^|\/)\.miroir-[^/]*$/.test(record.intent.temporary), "a name of miroir's own");
          }
        } finally {
          rmSync(folder, { recursive: true });
        }
      }),
    ),

  "rules are taken, whatever they are": () =>
    fc.property(
      hostileText(20),
      names,
      quickly((text, path) => void createRules(linesOf(text))?.(path, false)),
    ),

  "no secret passes the mask": () =>
    fc.property(
      hostileText(6),
      hostileText(4),
      hostileText(4),
      quickly((secret, before, after) => {
        fc.pre(
          secret.length >= 4 &&
            !secret.includes("*") &&
            secret.isWellFormed() &&
            before.isWellFormed() &&
            after.isWellFormed(),
        );
        const mask = createTextMask([secret]);
        const bytes = Buffer.from(secret);
        const percent = [...bytes].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
        for (const form of [
          secret,
          encodeURIComponent(secret),
          encodeURI(secret),
          percent,
          bytes.toString("base64"),
          bytes.toString("base64url"),
        ]) {
          const masked = mask(`${before}${form}${after}`);
          check(!masked.includes(form) || "***".includes(form), `${JSON.stringify(form)} in ${JSON.stringify(masked)}`);
        }
      }),
    ),

  "nothing that is shown moves a terminal or breaks a line": () =>
    fc.property(
      hostileText(),
      quickly((text) => {
        check(!/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u.test(escapeText(text)), "a line of text");
        const json = escapeJson(JSON.stringify({ text }));
        check(!/[\p{Cc}\u2028\u2029]/u.test(json), "a line of JSON");
        check((JSON.parse(json) as { text: string }).text === text || !text.isWellFormed(), "its value");
      }),
    ),
};
