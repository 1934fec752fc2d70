// npm run build:kernels: compiles assembly/ to src/generated/*.ts, one file a variant, with the module's bytes as base64, and one with the
// type of what they export.
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { compileVariant } from "./compile-variant.mjs";
import { exportsSource } from "./exports-source.mjs";
import { generatedSource } from "./generated-source.mjs";
import { kernelVariants } from "./kernel-variants.mjs";

const folder = fileURLToPath(new URL("../src/generated", import.meta.url));
mkdirSync(folder, { recursive: true });
for (const name of /** @type {(keyof typeof kernelVariants)[]} */ (Object.keys(kernelVariants))) {
  const bytes = await compileVariant(name);
  writeFileSync(`${folder}/${name}.ts`, generatedSource(bytes));
  console.log(`${name}: ${bytes.length} bytes`);
}
writeFileSync(`${folder}/kernel-exports.ts`, exportsSource());
