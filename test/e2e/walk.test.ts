import { beforeAll, describe, expect, test } from "bun:test";
import { codeBlocks, readDocument } from "../docs/document.ts";
import { walkPage } from "../docs/walk.ts";
import { SAVED, takeWalk, type Walk } from "./walk.ts";

const commandsOf = (page: string) => codeBlocks(page).filter((line) => line.startsWith("$ "));

describe("a newcomer's walk on a terminal", () => {
  let walk: Walk;
  beforeAll(async () => {
    walk = await takeWalk();
  });

  test("init trusts the certificate after a yes, shows what would be mirrored, and never the password", () => {
    const { lines, code } = walk.init;
    expect(code).toBe(0);
    const text = lines.join("\n");
    expect(text).toContain("it is self-signed");
    expect(text).toContain("Logged in, encrypted.");
    expect(text).toContain("  2 files in 1 folder, 36 B\n  1 left out, excluded by a rule: draft.psd\n");
    expect(text).toEndWith(
      "  miroir sync --profile website --dry-run\n  miroir watch --profile website\n  miroir status",
    );
    expect(lines).toContain("Password for alice@example.org:");
  });

  test("watch mirrors the folder, says that it is in sync, and a saved file is on the site", () => {
    expect(walk.watch.lines.at(-1)).toMatch(/^in sync, watching/);
    expect(walk.watch.lines.join("\n")).toContain("2 uploaded, 1 created (36 bytes");
    expect(walk.change.lines.at(-1)).toMatch(/^in sync, watching, last change .* contact\.html$/);
    expect(walk.changedOnSite).toBe(SAVED);
  });

  test("status calls the running mirror healthy, by its profile", () => {
    expect(walk.status.code).toBe(0);
    expect(walk.status.lines.join(" ")).toMatch(/^website-\w+ {2}\[website\] .*: healthy, running \(pid /);
  });

  test("check finds nothing different, then the file that somebody wrote over", () => {
    expect(walk.check).toMatchObject({ code: 0, lines: ["In sync: 3 files and 1 folder compared"] });
    expect(walk.different.code).toBe(1);
    expect(walk.different.lines).toContain("size        index.html  17 bytes  32 bytes");
  });

  test("stop ends the watch in order and takes its live line away; a sync repairs the site", () => {
    expect(walk.stop.code).toBe(0);
    expect(walk.stopped.code).toBe(0);
    expect(walk.stopped.lines.at(-1)).toBe("stop     (exit 0): miroir stop");
    expect(walk.stopped.lines.join("\n")).not.toContain("in sync, watching");
    expect(walk.repair.code).toBe(0);
    expect(walk.repair.lines.join("\n")).toContain("upload   index.html");
  });

  test("doctor says that the passive ports are closed, and leaves nothing on the site", () => {
    expect(walk.doctor.code).toBe(1);
    const text = walk.doctor.lines.join("\n");
    expect(text).toContain("✗ data connection  Cannot connect to");
    expect(text).toContain("→ Passive ports: open them in the server's firewall");
    expect(text).toEndWith("1 problem");
    expect(walk.leftOnSite).toEqual(["www/contact.html", "www/css/site.css", "www/index.html"]);
  });

  test("docs/walk.md has the same commands (npm run walk writes it)", () => {
    expect(commandsOf(readDocument("docs/walk.md"))).toEqual(commandsOf(walkPage(walk)));
  });

  test("docs/walk.md shows nothing of the machine that it was made on", () => {
    const page = readDocument("docs/walk.md");
    expect(page).not.toMatch(/127\.0\.0\.1|localhost|\/tmp\/|miroir-e2e/);
    expect(page).toContain("/home/alice");
  });
});
