// node tools/xla/write-abi.mjs HEADER [--check]: writes packages/pjrt/src/abi.ts from a pjrt_c_api.h, the newest at hand. It comes
// with openxla/xla (xla/pjrt/c) and with bindings; plugins of CPUs bring an older one. The header itself is not kept here.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../node-runtime.mjs";
import { readAbi } from "./read-abi.mjs";

const [header] = process.argv.slice(2);
if (header === undefined) {
  console.error("usage: node tools/xla/write-abi.mjs PATH/pjrt_c_api.h");
  process.exit(2);
}
const abi = readAbi(header);
const file = join(root, "packages", "pjrt", "src", "abi.ts");
const text = `// Written by tools/xla/write-abi.mjs with a C compiler from pjrt_c_api.h ${abi.version.join(".")}. Do not edit.

/** Slots of the function table, \`[offset, bytes]\` of each field, and constants of the PJRT C API. */
export const abi = ${JSON.stringify(abi)} as const;
`;
writeFileSync(file, text);
execFileSync(
  process.execPath,
  [join(root, "node_modules", "@biomejs", "biome", "bin", "biome"), "format", "--write", file],
  { stdio: "inherit" },
);
console.log(`${file}: PJRT ${abi.version.join(".")}`);
