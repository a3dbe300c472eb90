import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { remotePath, remoteRoot } from "../../src/remote/paths.ts";

describe("remoteRoot()", () => {
  test.each<{ login: string | undefined; remoteDir: string; root: string; aFile: string }>([
    { login: "/", remoteDir: "", root: "", aFile: "/a" },
    { login: "/", remoteDir: "www", root: "/www", aFile: "/www/a" },
    { login: "/", remoteDir: "www/sub", root: "/www/sub", aFile: "/www/sub/a" },
    { login: "/home/alice", remoteDir: "", root: "/home/alice", aFile: "/home/alice/a" },
    { login: "/home/alice", remoteDir: "www", root: "/home/alice/www", aFile: "/home/alice/www/a" },
    { login: "/home/alice/", remoteDir: "www", root: "/home/alice/www", aFile: "/home/alice/www/a" },
    { login: "/home/alice", remoteDir: "/", root: "", aFile: "/a" },
    { login: "/home/alice", remoteDir: "/var/www", root: "/var/www", aFile: "/var/www/a" },
    { login: "/home/alice", remoteDir: "/var/www/", root: "/var/www", aFile: "/var/www/a" },
    { login: undefined, remoteDir: "", root: ".", aFile: "./a" },
    { login: undefined, remoteDir: "www", root: "./www", aFile: "./www/a" },
    { login: undefined, remoteDir: "/var/www", root: "/var/www", aFile: "/var/www/a" },
  ])("of login folder $login and remote folder $remoteDir is $root", ({ login, remoteDir, root, aFile }) => {
    expect(remoteRoot(login, remoteDir)).toBe(root);
    expect(remotePath(root, "a")).toBe(aFile);
  });
});

describe("remotePath()", () => {
  test.each([
    { root: "", path: "", want: "/" },
    { root: "/www", path: "", want: "/www" },
    { root: "/www", path: "a/b", want: "/www/a/b" },
    { root: ".", path: "", want: "." },
    { root: "/www", path: " a ", want: "/www/ a " },
    { root: "", path: "-rf", want: "/-rf" },
    { root: "/www", path: "~", want: "/www/~" },
  ])("$root + $path → $want", ({ root, path, want }) => expect(remotePath(root, path)).toBe(want));

  test("is absolute and below the root wherever the server tells its login folder", () => {
    const name = fc.string({ minLength: 1, unit: "grapheme" }).filter((text) => !text.includes("/"));
    const folder = fc.array(name, { maxLength: 4 }).map((names) => names.join("/"));
    fc.assert(
      fc.property(folder, folder, name, (login, remoteDir, path) => {
        const root = remoteRoot(`/${login}`, remoteDir);
        expect(remotePath(root, path)).toBe(`${root}/${path}`);
        expect(remotePath(root, path)).toStartWith("/");
      }),
    );
  });
});
