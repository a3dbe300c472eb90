import { describe, expect, test } from "bun:test";
import packageJson from "../../package.json" with { type: "json" };
import { eventsOf } from "../e2e/records.ts";
import { builtExecutable } from "./artefacts.ts";
import { createEmptyRoot, createEmulated, type Elsewhere } from "./elsewhere.ts";

const PLACES: Array<{ name: string; create: () => Elsewhere }> = [
  {
    name: "linux-x64 in an empty root",
    create: () => createEmptyRoot(builtExecutable("linux-x64")),
  },
  {
    name: "linux-arm64 on an emulated processor",
    create: () =>
      createEmulated(["qemu-aarch64-static", "-L", "/usr/aarch64-linux-gnu"], builtExecutable("linux-arm64")),
  },
];

describe.each(PLACES)("$name", ({ create }) => {
  test("tells its version", async () => {
    await using place = create();
    const { code, stdout, stderr } = await place.run(["--version"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout.startsWith(`miroir ${packageJson.version} (`)).toBe(true);
  });

  test.each([
    "off",
    "explicit",
    "implicit",
  ] as const)("sync mirrors with TLS %s, then has nothing to do", async (tls) => {
    await using place = create();
    const server = await place.embedded({ tls });
    for (const path of ["index.html", "été/à Noël.txt", "1/2/3/deep.txt"]) place.write(path, `content of ${path}`);
    const first = await place.run(["sync", ...place.site(server)], server);
    expect({ ...first, unequal: place.unequal(server) }).toMatchObject({ code: 0, unequal: [] });
    const told = place.records().length;
    expect((await place.run(["sync", ...place.site(server)], server)).code).toBe(0);
    expect(eventsOf(place.records().slice(told))).toEqual(["start", "pass", "stop"]);
  });

  test("watch mirrors a save and ends with 0 at SIGTERM", async () => {
    await using place = create();
    const server = await place.embedded();
    place.write("index.html", "index 1");
    const watch = place.start(["watch", ...place.site(server)], server);
    await place.mirrored(server, watch);
    place.write("new/page.html", "page");
    await place.mirrored(server, watch);
    watch.kill("SIGTERM");
    const { code, stderr } = await watch.finished();
    expect({ code, unequal: place.unequal(server), stderr }).toMatchObject({ code: 0, unequal: [] });
  });

  test("trusts no unknown certificate, where there are no authorities", async () => {
    await using place = create();
    const server = await place.embedded({ tls: "explicit" });
    place.write("index.html", "index");
    const args = place.site(server).slice(0, -2);
    expect((await place.run(["sync", ...args], server)).code).toBe(4);
  });
});
