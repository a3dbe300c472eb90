/** The licences of all that is inside the executables. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const RULE = "-".repeat(72);

interface Manifest {
  name: string;
  version: string;
  license: string;
  dependencies: Record<string, string>;
}

/**
 * The text of THIRD-PARTY-LICENSES.txt: every package that the program runs with, from `node_modules`, in order of
 * names, and the runtime. Throws where one does not say what its licence is.
 */
export function thirdPartyLicences(root: string, bunVersion: string): string {
  const own = readManifest(root);
  const names = [...runtimePackages(root, Object.keys(own.dependencies))].sort();
  const packages = names.map((name) => {
    const folder = join(root, "node_modules", name);
    const { version, license } = readManifest(folder);
    return [`${name} ${version} (${license})`, readLicence(folder).trim()].join("\n\n");
  });
  const lesser = readFileSync(join(root, "docs", "licences", "LGPL-2.1.txt"), "utf8").trim();
  const intro = `miroir ${own.version} contains the following works of others.`;
  return `${[intro, ...packages, runtimeNotice(bunVersion), lesser].join(`\n\n${RULE}\n\n`)}\n`;
}

/** With what they in turn depend on. */
function runtimePackages(root: string, direct: readonly string[]): Set<string> {
  const found = new Set<string>();
  const waiting = [...direct];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (found.has(name)) continue;
    found.add(name);
    waiting.push(...Object.keys(readManifest(join(root, "node_modules", name)).dependencies));
  }
  return found;
}

function readManifest(folder: string): Manifest {
  const read: Partial<Manifest> = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const { name, version, license, dependencies = {} } = read;
  if (name === undefined || version === undefined || license === undefined) {
    throw new Error(`Cannot tell the licence of "${folder}": its package.json lacks name, version or license`);
  }
  return { name, version, license, dependencies };
}

function readLicence(folder: string): string {
  const file = readdirSync(folder)
    .filter((name) => /^licen[cs]e/i.test(name))
    .sort()[0];
  if (file === undefined) throw new Error(`Cannot find the licence of "${folder}": it has no file of that name`);
  return readFileSync(join(folder, file), "utf8").replaceAll("\r\n", "\n");
}

function runtimeNotice(bunVersion: string): string {
  return `Bun ${bunVersion} (MIT), the runtime

Bun is under the MIT licence. It is linked with JavaScriptCore and other parts of WebKit (LGPL 2 and 2.1, BSD) and with
TinyCC (LGPL 2.1); the text of LGPL 2.1 follows. It is also linked with BoringSSL, Brotli, c-ares, Highway, ICU,
libarchive, libbase64, libdeflate, libjpeg-turbo, libspng, libuv (on Windows), libwebp, lol-html, ls-hpack, ls-qpack,
lsquic, mimalloc, picohttpparser, simdutf, SQLite, uSockets, uWebSockets, zlib-ng and Zstandard, under permissive
licences or in the public domain. The list with each licence's text is at
https://github.com/oven-sh/bun/blob/bun-v${bunVersion}/LICENSE.md

As the LGPL asks, anybody can put a changed JavaScriptCore or TinyCC into miroir: the sources of Bun and of its WebKit
are at https://github.com/oven-sh/bun and https://github.com/oven-sh/WebKit; build Bun from them, and then miroir with
that Bun, as its own README says ("npm run build").`;
}
