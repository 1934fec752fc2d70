import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { compileKernels } from "../../../tools/kernels/compile-kernels.mjs";
import { exportsSource } from "../../../tools/kernels/exports-source.mjs";
import { generatedSource } from "../../../tools/kernels/generated-source.mjs";
import { frozenVariants } from "./frozen-variants.mjs";
import { kernelVariants } from "./kernel-variants.mjs";

const advice = "run: npm run build:kernels -w @kindred/backend-wasm";

/** @type {[part: string, builds: Record<string, import("../../../tools/kernels/compile-kernels.mjs").KernelBuild>][]} */
const parts = [
  ["", kernelVariants],
  ["frozen/", frozenVariants],
];

describe.each(parts)("a generated module (of %j)", (part, builds) => {
  const typeSource = exportsSource(fileURLToPath(new URL(`../assembly/${part}`, import.meta.url)));
  const generated = (/** @type {string} */ name) =>
    readFileSync(new URL(`../src/generated/${part}${name}.ts`, import.meta.url), "utf8");

  test.each(Object.entries(builds))(
    "(%s) is what its sources compile to, and exports what its type says",
    async (name, build) => {
      const bytes = /** @type {Uint8Array<ArrayBuffer>} */ (await compileKernels(build));
      expect(generated(name) === generatedSource(bytes), advice).toBe(true);
      if (!WebAssembly.validate(bytes)) return; // relaxed SIMD, or two memories, on Node 20
      const exported = WebAssembly.Module.exports(new WebAssembly.Module(bytes)).map(({ name }) => name);
      const typed = [...typeSource.matchAll(/^ {2}readonly (\w+): \(/gm)].map(([, name]) => name);
      expect(typed.toSorted()).toEqual(exported.toSorted());
    },
  );

  test("has the type of its sources", () => {
    expect(generated("kernel-exports"), advice).toBe(typeSource);
  });
});
