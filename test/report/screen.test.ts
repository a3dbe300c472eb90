import { describe, expect, test } from "bun:test";
import { createScreen, PAINT_MS } from "../../src/report/screen.ts";
import { createTerminalModel } from "./terminal-model.ts";

const painted = () => Bun.sleep(PAINT_MS * 2);

function setUp(columns = 40) {
  const terminal = createTerminalModel(columns);
  const screen = createScreen({ stdout: terminal, stderr: terminal, columns: () => terminal.columns });
  return { terminal, screen };
}

describe("createScreen()", () => {
  test("paints live lines below what is written, and takes them away at the end", async () => {
    const { terminal, screen } = setUp();
    screen.show(() => ["50 %", "  a.mp4"]);
    await painted();
    screen.stdout.write("upload   a.txt\n");
    screen.stderr.write("miroir: a warning\n");
    await painted();
    expect(terminal.lines()).toEqual(["upload   a.txt", "miroir: a warning", "50 %", "  a.mp4"]);
    screen.close();
    expect(terminal.lines()).toEqual(["upload   a.txt", "miroir: a warning"]);
  });

  test("paints fewer lines than before without leaving one behind", async () => {
    const { terminal, screen } = setUp();
    screen.show(() => ["1", "2", "3"]);
    await painted();
    screen.show(() => ["4"]);
    await painted();
    expect(terminal.lines()).toEqual(["4"]);
    screen.close();
  });

  test("erases lines that a narrower window has broken in two", async () => {
    const { terminal, screen } = setUp(40);
    screen.stdout.write("first\n");
    screen.show((columns) => ["x".repeat(Math.min(30, columns - 1))]);
    await painted();
    terminal.resize(20);
    screen.stdout.write("second\n");
    await painted();
    expect(terminal.lines()).toEqual(["first", "second", "x".repeat(19)]);
    screen.close();
  });

  test("writes nothing of its own as long as there is nothing to show", async () => {
    const { terminal, screen } = setUp();
    screen.stdout.write("only this\n");
    await painted();
    screen.close();
    expect(terminal.written()).toBe("only this\n");
  });
});
