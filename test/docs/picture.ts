/**
 * `npm run picture` writes docs/terminal.svg: what a terminal of 100 columns shows of a real run against the embedded
 * server, at its first upload and after some changes.
 */
import { appendFileSync, mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { executable } from "../e2e/program.ts";
import { waitFor } from "../e2e/wait.ts";
import { createTerminalModel } from "../report/terminal-model.ts";
import { startEmbeddedServer } from "../servers/embedded.ts";
import { ROOT } from "./document.ts";
import { terminalSvg } from "./terminal-svg.ts";

const COLUMNS = 100;
const PICTURES = 900;
/** A name that stands for the port of the embedded server and the account of the reader. */
const SHOWN_SITE = "ftp://alice@ftp.example.org/www";
const COMMAND = `$ miroir ./website ${SHOWN_SITE} --log miroir.log`;

async function takePicture(): Promise<string> {
  const work = realpathSync(mkdtempSync(join(tmpdir(), "m-")));
  const folder = join(work, "website");
  const remote = join(work, "server");
  for (const each of [folder, remote, join(folder, "css"), join(folder, "pictures")]) mkdirSync(each);
  makeWebsite(folder);
  const server = await startEmbeddedServer({ root: remote, latencyMs: 20 });
  const terminal = createTerminalModel(COLUMNS);
  const decoder = new TextDecoder();
  const options = ["--tls", "off", "--color", "never", "--limit-rate", "20M", "--connections", "8"];
  const places = ["--log", "miroir.log", "--state-dir", join(work, "state")];
  const child = Bun.spawn([executable(), "./website", `${server.url}/www`, ...places, ...options], {
    cwd: work,
    env: { PATH: process.env.PATH ?? "", HOME: work, TERM: "xterm", MIROIR_PASSWORD: server.password },
    terminal: {
      cols: COLUMNS,
      rows: 24,
      data: (_terminal, bytes) =>
        terminal.write(decoder.decode(bytes, { stream: true }).replaceAll(server.url, "ftp://alice@ftp.example.org")),
    },
  });
  const lines = () =>
    terminal
      .lines()
      .map((line) => line.replaceAll(work, "/home/alice").replace(`127.0.0.1:${server.port}`, "ftp.example.org:21"));
  const shows = (text: string) =>
    waitFor(text, () => lines().join("\n").includes(text), { state: () => lines().join("\n") });
  try {
    await waitFor("most of it", () => /[6-8]\d % .* left/.test(lines().join("\n")), {
      state: () => lines().join("\n"),
    });
    const during = lines();
    await shows("in sync, watching");
    appendFileSync(join(folder, "css", "site.css"), "p { margin: 1em }\n");
    await shows("upload   css/site.css");
    renameSync(join(folder, "pictures"), join(folder, "photos"));
    await shows("rename   pictures/ -> photos/");
    rmSync(join(folder, "about.html"));
    await shows("delete   about.html");
    await shows("1 deleted");
    await Bun.sleep(1500);
    return terminalSvg([COMMAND, ...during], [COMMAND, ...lines()]);
  } finally {
    child.kill("SIGTERM");
    await child.exited;
    child.terminal?.close();
    await server.stop();
    rmSync(work, { recursive: true, force: true });
  }
}

function makeWebsite(folder: string): void {
  for (const [path, text] of [
    ["index.html", "<h1>Welcome</h1>\n"],
    ["about.html", "<h1>About us</h1>\n"],
    ["css/site.css", "h1 { color: navy }\n"],
  ] as const) {
    writeFileSync(join(folder, path), text);
  }
  for (let index = 1; index <= PICTURES; index++) {
    writeFileSync(
      join(folder, "pictures", `${String(index).padStart(4, "0")}.jpg`),
      Buffer.alloc(40_000 + index, index),
    );
  }
  writeFileSync(join(folder, "pictures", "office-tour.mp4"), Buffer.alloc(60_000_000, 1));
}

writeFileSync(join(ROOT, "docs", "terminal.svg"), await takePicture());
process.exit();
