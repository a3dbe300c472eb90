// Replaces a file as an editor does that writes a new one beside it. Says "replaced", or the system's error code.
import { renameSync } from "node:fs";

const [, , from, to] = process.argv;
try {
  renameSync(from, to);
  process.stdout.write("replaced");
} catch (error) {
  process.stdout.write(error.code);
}
