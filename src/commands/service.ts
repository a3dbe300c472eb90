import { homedir, userInfo } from "node:os";
import { posix, resolve, win32 } from "node:path";
import { realFolder, whyUnusable } from "../detect/folder.ts";
import type { Environment } from "../options/environment.ts";
import type { RunInvocation } from "../options/invocation.ts";
import type { ServiceInvocation } from "../options/service-invocation.ts";
import { siteIdentity } from "../options/site-address.ts";
import { quote, UsageError } from "../options/usage-error.ts";
import { ownCommand, runtimeVariablesIn } from "../process/program.ts";
import { escapeText } from "../report/escape.ts";
import { EXIT, type ExitCode } from "../report/exit.ts";
import { descriptorSink } from "../report/terminal.ts";
import { serviceArguments } from "../service/command-line.ts";
import {
  describe,
  type InstalledService,
  isNamed,
  type ServiceDefinition,
  type ServicePlatform,
  serviceName,
} from "../service/definition.ts";
import { createLaunchctl } from "../service/launchctl.ts";
import { agentFile, launchdPlist } from "../service/launchd.ts";
import { createSchtasks } from "../service/schtasks.ts";
import { createSystemctl } from "../service/systemctl.ts";
import { systemdUnits, unitName } from "../service/systemd.ts";
import { taskXml } from "../service/task-scheduler.ts";
import { runTool, type ServiceKeeper } from "../service/tool.ts";
import { mirrorIdentity, stateFolder, thisPlatform, unitFolder } from "../state/folders.ts";
import { identify, settle } from "./settle.ts";

/** What main hands to `miroir service`. */
export interface ServiceData {
  invocation: ServiceInvocation;
  env: Environment;
}

const stdout = descriptorSink(1);
const stderr = descriptorSink(2);
const say = (line: string) => stdout.write(`${escapeText(line)}\n`);

const NODE_PLATFORMS = { windows: "win32", systemd: "linux", launchd: "darwin" } as const;

/** Where docs/install.md puts the program, for definitions that are made on another system. */
const USUAL_PROGRAMS = {
  windows: "%LOCALAPPDATA%\\Programs\\miroir\\miroir.exe",
  systemd: "/usr/local/bin/miroir",
  launchd: "/usr/local/bin/miroir",
} as const;

/** Where what is printed belongs. */
const PLACES: Record<ServicePlatform, (definition: ServiceDefinition) => string> = {
  windows: ({ id }) => `Saved in a file, it is installed by: schtasks /create /tn ${serviceName(id)} /xml FILE`,
  systemd: (definition) => `It is started by: systemctl --user enable --now ${unitName(definition)}`,
  launchd: ({ id }) => `It belongs into ${agentFile("~", id)}`,
};

/** @throws UsageError */
export async function runService({ invocation, env }: ServiceData): Promise<ExitCode> {
  switch (invocation.action) {
    case "install":
      return install(invocation, invocation.run, env);
    case "remove": {
      const keeper = keeperHere(env);
      const service = theOne(await keeper.list(), invocation.name);
      await keeper.remove(service.id);
      say(`${serviceName(service.id)} is removed (${service.description})`);
      return EXIT.ok;
    }
    case "list": {
      const services = await keeperHere(env).list();
      if (services.length === 0) say("No services");
      for (const { id, description } of services) say(`${id}  ${description}`);
      return EXIT.ok;
    }
    default:
      return invocation satisfies never;
  }
}

async function install({ options }: ServiceInvocation, run: RunInvocation, env: Environment): Promise<ExitCode> {
  const platform = options.platform ?? platformHere();
  const isHere = platform === platformHere();
  const definition = define(run, env, platform, options.everyMs);
  if (options.print) {
    stdout.write(printed(definition, platform));
    stderr.write(`miroir: ${escapeText(PLACES[platform](definition))}\n`);
    if (!isHere)
      stderr.write("miroir: It is for another system: check the paths, the program's place and the account in it\n");
    return EXIT.ok;
  }
  // All that would make its every run fail at once is told here and now.
  await settle(run, env);
  const unusable = whyUnusable(realFolder(run.folder));
  if (unusable !== undefined) {
    stderr.write(`miroir: ${escapeText(unusable)}\n`);
    return EXIT.unsafe;
  }
  await keeperHere(env).install(definition);
  const rhythm = options.everyMs === undefined ? "watches from now on, and from each log-on" : "runs on its schedule";
  say(`${serviceName(definition.id)} ${rhythm} (${definition.description})`);
  if (platform === "windows") {
    for (const name of runtimeVariablesIn(env)) {
      const found = `The variable "${name}" is set here: if your account has it, the task has it too`;
      stderr.write(`miroir: ${found}. Unset it in the system's settings\n`);
    }
  }
  if (platform === "systemd") say('It runs while you are logged in; "loginctl enable-linger" lets it run always');
  return EXIT.ok;
}

/** @throws UsageError */
function define(
  run: RunInvocation,
  env: Environment,
  platform: ServicePlatform,
  everyMs: number | undefined,
): ServiceDefinition {
  const isHere = platform === platformHere();
  const nodePlatform = NODE_PLATFORMS[platform];
  const { address } = identify(run, env);
  const absolute = isHere ? resolve : (path: string) => absoluteElsewhere(path, platform);
  const folder = isHere ? realFolder(run.folder) : absolute(run.folder);
  const site = siteIdentity(address);
  const account = env.USERNAME || env.USER || userInfo().username;
  const args = serviceArguments(run, address, absolute);
  // What the shell's variables made the place for state, the service has to be told.
  const usual = stateFolder({ platform: nodePlatform, env: {}, home: homedir() });
  const here = stateFolder({ platform: nodePlatform, env, home: homedir() });
  if (isHere && run.options.stateDir === undefined && here !== usual) args.push("--state-dir", here);
  // systemd tells itself which failures are final.
  if (everyMs === undefined && platform !== "systemd") args.push("--restart");
  if (platform !== "systemd" && run.options.log === "-") {
    throw new UsageError(
      'Cannot install a service with "--log -": nobody reads its standard output. Name a file',
      "--log",
    );
  }
  return {
    id: mirrorIdentity(folder, site, nodePlatform),
    description: describe(folder, site, run.profile?.name),
    command: [...(isHere ? ownCommand() : ([USUAL_PROGRAMS[platform]] as const)), ...args],
    everyMs,
    user: env.USERDOMAIN && isHere ? `${env.USERDOMAIN}\\${account}` : account,
    home: isHere ? homedir() : `/Users/${account}`,
  };
}

/** As it is written, where that is a whole path there; otherwise as it would be here. */
function absoluteElsewhere(path: string, platform: ServicePlatform): string {
  return (platform === "windows" ? win32 : posix).isAbsolute(path) ? path : resolve(path);
}

function printed(definition: ServiceDefinition, platform: ServicePlatform): string {
  switch (platform) {
    case "windows":
      // Which encoding it gets is decided by whoever saves it.
      return taskXml(definition).replace(' encoding="UTF-16"', "").replaceAll("\r\n", "\n");
    case "launchd":
      return launchdPlist(definition);
    case "systemd":
      return systemdUnits(definition)
        .map(({ name, text }) => `# ~/.config/systemd/user/${name}\n${text}`)
        .join("\n");
    default:
      return platform satisfies never;
  }
}

function platformHere(): ServicePlatform {
  const platform = thisPlatform();
  if (platform === "win32") return "windows";
  return platform === "darwin" ? "launchd" : "systemd";
}

function keeperHere(env: Environment): ServiceKeeper {
  switch (platformHere()) {
    case "windows":
      return createSchtasks(runTool);
    case "launchd":
      return createLaunchctl(homedir(), process.getuid?.() ?? 0, runTool);
    default:
      return createSystemctl(unitFolder({ platform: thisPlatform(), env, home: homedir() }), runTool);
  }
}

/** The service that is meant. @throws UsageError when there is none, or more than one */
function theOne(services: readonly InstalledService[], name: string | undefined): InstalledService {
  const found = name === undefined ? services : services.filter((each) => isNamed(each, name, realFolder(name)));
  const [one, ...others] = found;
  if (!one) {
    const which = name === undefined ? "" : ` by the name ${quote(name)}`;
    throw new UsageError(`There is no service${which}. "miroir service list" lists them`);
  }
  if (others.length === 0) return one;
  const ids = found.map(({ id }) => id).join(", ");
  throw new UsageError(`There is more than one service: name one of ${ids}, as "miroir service remove ${one.id}"`);
}
