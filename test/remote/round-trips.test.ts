import { describe, expect, test } from "bun:test";
import type { Operation } from "../../src/remote/site.ts";
import { openFolder, performed, rejectionOf } from "./remote-folder.ts";
import { asTestServer, ftpAnswers, type ScriptedServer, startScriptedServer } from "./scripted-server.ts";
import { embedded, verbsOf } from "./started-server.ts";

const deletions = (count: number): Operation[] =>
  Array.from({ length: count }, (_, index) => ({ op: "delete", path: `file ${index}` }));

/** A server that says nothing to a DELE until so many of them have come, and then answers them all. */
function hesitatingServer(count: number, said: string[] = Array(count).fill("250 Deleted")) {
  const unanswered = { now: 0, most: 0 };
  const answers = ftpAnswers({
    DELE: () => {
      unanswered.most = Math.max(unanswered.most, ++unanswered.now);
      if (unanswered.now < count) return undefined;
      unanswered.now = 0;
      return said.join("\r\n");
    },
  });
  return { unanswered, start: () => startScriptedServer(answers) };
}

const alone = (server: ScriptedServer): Parameters<typeof openFolder> => [
  { ...asTestServer(server), root: "", stop: async () => {} },
  { isLoginFolder: true },
];

describe("deletions", () => {
  test("go out in four windows, the answers to which may all be on their way", async () => {
    const { start, unanswered } = hesitatingServer(4 * 64);
    await using server = await start();
    await using folder = openFolder(...alone(server));
    const results = await performed(folder.site, deletions(3 * 4 * 64));
    expect(results).toEqual(deletions(3 * 4 * 64).map(({ path }) => `delete ${path} done`));
    expect(unanswered.most).toBe(4 * 64);
  });

  test("that were answered before the session ended are done, and no other is", async () => {
    const { start } = hesitatingServer(200, [...Array(70).fill("250 Deleted"), "421 Closing"]);
    await using server = await start();
    await using folder = openFolder(...alone(server));
    const done: string[] = [];
    const deleting = folder.site.perform(deletions(200), ({ path }, { status }) => done.push(`${path} ${status}`));
    expect(await rejectionOf(deleting)).toMatchObject({ kind: "unknown" });
    expect(done).toEqual(deletions(70).map(({ path }) => `${path} done`));
  });

  test("whose end cannot be noted are the last on their session", async () => {
    await using server = await embedded();
    await using folder = openFolder(server, { connections: 1 });
    const full = new Error("the disk is full");
    const deleting = folder.site.perform(deletions(300), () => {
      throw full;
    });
    expect(await rejectionOf(deleting)).toBe(full);
    expect(await performed(folder.site, deletions(1))).toEqual(["delete file 0 absent"]);
    expect(verbsOf(server).filter((verb) => verb === "USER")).toHaveLength(2);
  });
});
