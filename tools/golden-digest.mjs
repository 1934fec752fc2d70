// Prints a digest of the golden files that lie beside the repository (`../shared/golden`), and take the place of its own where
// they are there: an input of the cached tests, since tests that compare with golden files must run again when those change or appear.
//
// Names, sizes and times are enough: the files are never written by the project.
import { createHash } from "node:crypto";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { root } from "./node-runtime.mjs";

const folder = join(root, "..", "shared", "golden");
const hash = createHash("sha256");
for (const name of namesUnder(folder).sort()) {
  const { size, mtimeMs } = statSync(join(folder, name));
  hash.update(`${name}\0${size}\0${mtimeMs}\n`);
}
console.log(hash.digest("hex"));

/** @param {string} path */
function namesUnder(path) {
  try {
    const names = readdirSync(path, { recursive: true, encoding: "utf8" });
    return names.filter((name) => statSync(join(path, name)).isFile());
  } catch {
    return [];
  }
}
