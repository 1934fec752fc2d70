import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { compileKernels } from "../../../tools/kernels/compile-kernels.mjs";
import { exportsSource } from "../../../tools/kernels/exports-source.mjs";
import { generatedSource } from "../../../tools/kernels/generated-source.mjs";
import { kernelVariants } from "./kernel-variants.mjs";

const typeSource = exportsSource(fileURLToPath(new URL("../assembly", import.meta.url)));
const names = /** @type {(keyof typeof kernelVariants)[]} */ (Object.keys(kernelVariants));
const advice = "run: npm run build:kernels -w @kindred/backend-wasm";

describe("a generated module", () => {
  test.each(names)("(%s) is what its sources compile to, and exports what its type says", async (variant) => {
    const bytes = /** @type {Uint8Array<ArrayBuffer>} */ (await compileKernels(kernelVariants[variant]));
    const written = readFileSync(new URL(`../src/generated/${variant}.ts`, import.meta.url), "utf8");
    expect(written === generatedSource(bytes), advice).toBe(true);
    if (!WebAssembly.validate(bytes)) return; // relaxed SIMD on Node 20
    const exported = WebAssembly.Module.exports(new WebAssembly.Module(bytes)).map(({ name }) => name);
    const typed = [...typeSource.matchAll(/^ {2}readonly (\w+): \(/gm)].map(([, name]) => name);
    expect(typed.toSorted()).toEqual(exported.toSorted());
  });
});

test("the type of what modules export is that of their sources", () => {
  const file = new URL("../src/generated/kernel-exports.ts", import.meta.url);
  expect(readFileSync(file, "utf8"), advice).toBe(typeSource);
});
