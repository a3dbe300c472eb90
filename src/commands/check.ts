import { check } from "../check/check.ts";
import { checkJson } from "../check/json.ts";
import { type CheckReport, failedReport } from "../check/report.ts";
import { checkLines } from "../check/text.ts";
import { createScanReader, whyUnusable } from "../detect/folder.ts";
import { FolderError } from "../detect/scan.ts";
import { exitOf } from "../mirror/codes.ts";
import { effectiveOptions } from "../options/effective.ts";
import type { Environment } from "../options/environment.ts";
import type { CheckInvocation } from "../options/invocation.ts";
import type { Stop } from "../process/stop.ts";
import { escapeText } from "../report/escape.ts";
import { EXIT, type ExitCode, type OutcomeCode, worstExit } from "../report/exit.ts";
import { withoutSecrets } from "../report/secrets.ts";
import { descriptorSink } from "../report/terminal.ts";
import { widthOf } from "../report/wrap.ts";
import { StateError } from "../state/errors.ts";
import { thisPlatform } from "../state/folders.ts";
import { type Loaded, readOnlyState } from "../state/state.ts";
import type { Status } from "../state/status.ts";
import { openSite } from "./open-site.ts";
import { type Settled, settle } from "./settle.ts";

/** What main hands to `check`. */
export interface CheckData {
  invocation: CheckInvocation;
  stop: Stop;
  env: Environment;
}

const UNBELIEVED = {
  empty: "FOLDER is suddenly empty, as if its disk were not mounted",
  device: "FOLDER is on another disk than before",
};

// The answer is for whoever asked: a slow reader (a pager) is waited for.
const stdout = descriptorSink(1, Number.POSITIVE_INFINITY);
const stderr = descriptorSink(2);

/** Compares and tells; writes nothing anywhere. @throws UsageError */
export async function runCheck(data: CheckData): Promise<ExitCode> {
  const { invocation, env, stop } = data;
  const { options } = invocation;
  const settled = await settle(invocation, env);
  const tell = (text: string) => stderr.write(`${escapeText(text)}\n`);
  const complain = (text: string) => tell(`miroir: ${text}`);
  const warn = options.quiet ? () => {} : complain;
  for (const warning of [...invocation.warnings, ...settled.credentials.warnings]) warn(warning);
  if (options.debug) {
    for (const { flag, value, source } of effectiveOptions(invocation)) {
      if (value !== undefined) tell(`${flag} ${value} (${source})`);
    }
  }
  const report = await compareNow(data, settled, { warn, tell });
  if (stop.code !== undefined) return stop.code;
  if (options.json) {
    stdout.write(`${checkJson({ folder: settled.folder, site: settled.identity.site }, report)}\n`);
  } else if (!options.quiet) {
    stdout.write(`${withoutSecrets(checkLines(report, widthOf(process.stdout)).join("\n"))}\n`);
  }
  if (report.distrust) complain(`Cannot believe "${settled.folder}": ${UNBELIEVED[report.distrust]}`);
  if (report.failure) complain(report.failure.message);
  return worstExit(codesOf(report));
}

function codesOf({ differences, unchecked, distrust, failure }: CheckReport): OutcomeCode[] {
  return [
    ...(failure ? [exitOf(failure)] : []),
    ...(distrust ? [EXIT.unsafe] : []),
    ...(differences.length + unchecked.length > 0 ? [EXIT.incomplete] : []),
  ];
}

async function compareNow(
  { invocation: { options }, stop }: CheckData,
  settled: Settled,
  { warn, tell }: Record<"warn" | "tell", (text: string) => unknown>,
): Promise<CheckReport> {
  const unusable = whyUnusable(settled.folder, "compare");
  if (unusable !== undefined) return failedReport(new FolderError(unusable));
  let manifest: Loaded["manifest"];
  let status: Status;
  try {
    const state = readOnlyState(settled.directory, settled.identity);
    manifest = state.load().manifest;
    status = state.readStatus();
  } catch (error) {
    if (error instanceof StateError) return failedReport(error);
    throw error;
  }
  const site = openSite(settled, options, {
    transcribe: options.debug ? tell : undefined,
    sleep: stop.sleep,
    // What the server lacks makes no difference to what it holds.
    onDegraded: options.debug ? tell : () => {},
    onConnected({ encrypted }) {
      if (!encrypted && settled.address.tls.mode === "auto") {
        warn("The server offers no encryption: the password travels in clear. --tls off accepts it");
      }
    },
  });
  stop.onRequest(() => void site.close());
  try {
    return await check({
      folder: settled.folder,
      readScan: createScanReader(settled.folder, {
        depth: options.depth,
        patterns: settled.patterns,
        own: new Set([...settled.own, ...(status.own ?? [])]),
        follow: options.symlinks === "follow",
        platform: thisPlatform(),
      }),
      site,
      manifest,
      status,
      delete: options.delete,
      checksum: options.checksum,
      patience: {
        retries: options.retries,
        sleep: stop.sleep,
        monotonicMs: () => performance.now(),
        random: Math.random,
        isStopped: () => stop.isRequested,
      },
    });
  } finally {
    await site.close();
  }
}
