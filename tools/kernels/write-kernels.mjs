// Compiles a package's assembly/ to its src/generated/*.ts: one file a variant, with the module's bytes as base64, and one with the type of
// what they export.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compileKernels } from "./compile-kernels.mjs";
import { exportsSource } from "./exports-source.mjs";
import { generatedSource } from "./generated-source.mjs";

/**
 * @param {string} folder of the package
 * @param {Readonly<Record<string, import("./compile-kernels.mjs").KernelBuild>>} builds by the name of the variant
 * @param {string} [part] the folder within both, for a second set of modules
 */
export async function writeKernels(folder, builds, part = "") {
  const generated = join(folder, "src/generated", part);
  mkdirSync(generated, { recursive: true });
  for (const [name, build] of Object.entries(builds)) {
    const bytes = await compileKernels(build);
    writeFileSync(join(generated, `${name}.ts`), generatedSource(bytes));
    console.log(`${join(part, name)}: ${bytes.length} bytes`);
  }
  writeFileSync(join(generated, "kernel-exports.ts"), exportsSource(join(folder, "assembly", part)));
}
