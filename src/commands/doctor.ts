import { examine } from "../doctor/doctor.ts";
import type { Finding } from "../doctor/finding.ts";
import { doctorJson } from "../doctor/json.ts";
import { findingsLines, type Look, summaryLine } from "../doctor/text.ts";
import { effectiveOptions } from "../options/effective.ts";
import type { Environment } from "../options/environment.ts";
import type { DoctorInvocation } from "../options/invocation.ts";
import { siteIdentity } from "../options/site-address.ts";
import type { Stop } from "../process/stop.ts";
import { escapeText } from "../report/escape.ts";
import { EXIT, type ExitCode, worstExit } from "../report/exit.ts";
import { withoutSecrets } from "../report/secrets.ts";
import { canShowUnicode, descriptorSink, wantsColor } from "../report/terminal.ts";
import { widthOf } from "../report/wrap.ts";
import { thisPlatform } from "../state/folders.ts";
import { accountOf, nonce } from "./open-site.ts";
import { settleSite } from "./settle.ts";

/** What main hands to `doctor`. */
export interface DoctorData {
  invocation: DoctorInvocation;
  stop: Stop;
  env: Environment;
}

const stdout = descriptorSink(1, Number.POSITIVE_INFINITY);
const stderr = descriptorSink(2);

/** Tries the connection, tells each finding as it comes, leaves nothing on the server and nothing here. @throws UsageError */
export async function runDoctor({ invocation, env, stop }: DoctorData): Promise<ExitCode> {
  const { options } = invocation;
  const settled = await settleSite(invocation, env);
  const say = (text: string) => stderr.write(`${escapeText(text)}\n`);
  for (const warning of [...invocation.warnings, ...settled.credentials.warnings]) {
    if (!options.quiet) say(`miroir: ${warning}`);
  }
  if (options.debug) {
    for (const { flag, value, source } of effectiveOptions(invocation)) {
      if (value !== undefined) say(`${flag} ${value} (${source})`);
    }
  }
  const look = lookOf(options.color, env);
  const print = (lines: readonly string[]) => stdout.write(lines.map((line) => `${line}\n`).join(""));
  /** What was not tried is told together. */
  let untold: Finding[] = [];
  const showNow = (findings: readonly Finding[]) => {
    if (findings.length > 0) print(findingsLines(findings, look));
  };
  const findings = await examine({
    account: { ...accountOf(settled, options), transcribe: options.debug ? say : undefined },
    remoteDir: settled.address.remoteDir,
    connections: options.connections,
    tell(finding) {
      if (options.json || (options.quiet && finding.mark !== "problem")) return;
      untold.push(finding);
      if (finding.mark === "skipped") return;
      showNow(untold);
      untold = [];
    },
    mask: withoutSecrets,
    nonce,
    now: Date.now,
    monotonicMs: () => performance.now(),
    // A stop must not cut short the patience with which all is tidied up.
    sleep: (ms) => Bun.sleep(ms),
    isStopped: () => stop.isRequested,
    onStop: stop.onRequest,
  });
  showNow(untold);
  if (stop.code !== undefined) return stop.code;
  if (options.json) print([doctorJson(siteIdentity(settled.address), findings)]);
  else if (!options.quiet) print(["", summaryLine(findings)]);
  return worstExit(codesOf(findings));
}

function codesOf(findings: readonly Finding[]) {
  return findings.flatMap(({ mark, code }) => (mark === "problem" ? [code ?? EXIT.incomplete] : []));
}

function lookOf(color: DoctorInvocation["options"]["color"], env: Environment): Look {
  const isTerminal = process.stdout.isTTY === true;
  return {
    width: widthOf(process.stdout),
    color: wantsColor(color, env, isTerminal),
    unicode: canShowUnicode(env, thisPlatform(), isTerminal),
  };
}
