import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { compileKernels } from "../../../tools/kernels/compile-kernels.mjs";
import { exportsSource } from "../../../tools/kernels/exports-source.mjs";
import { generatedSource } from "../../../tools/kernels/generated-source.mjs";
import { kernelBuilds } from "./kernel-builds.mjs";

const generated = (/** @type {string} */ name) =>
  readFileSync(new URL(`../src/generated/${name}.ts`, import.meta.url), "utf8");
const advice = "run: npm run build:kernels -w @kindred/search";

describe("what is generated is what the sources say", () => {
  test.each(Object.entries(kernelBuilds))("of the build %s", async (name, build) => {
    expect(generated(name) === generatedSource(await compileKernels(build)), advice).toBe(true);
  });

  test("of the type of what modules export", () => {
    expect(generated("kernel-exports"), advice).toBe(
      exportsSource(fileURLToPath(new URL("../assembly", import.meta.url))),
    );
  });
});
