// Opens a file as a Windows program may: so that no other can read it, or none can replace it. Says "held", and holds it.
import { dlopen, ptr } from "bun:ffi";
import { existsSync } from "node:fs";

const [, , file, sharing, release] = process.argv;
const GENERIC_READ = 0x80000000;
const OPEN_EXISTING = 3;
const SHARED_READ = 1;

const { symbols } = dlopen("kernel32.dll", {
  CreateFileW: { args: ["ptr", "u32", "u32", "ptr", "u32", "u32", "ptr"], returns: "i64" },
});
const name = Buffer.from(`${file}\0`, "utf16le");
const share = sharing === "read" ? SHARED_READ : 0;
const handle = symbols.CreateFileW(ptr(name), GENERIC_READ, share, null, OPEN_EXISTING, 0, null);
process.stdout.write(handle === -1n ? "refused" : "held");
while (!existsSync(release)) await Bun.sleep(50);
