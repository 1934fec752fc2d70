import { describe, expect, test } from "vitest";
import { kernelBytes } from "../src/kernel-bytes.ts";
import { compileVariant } from "./compile-variant.mjs";
import { kernelVariants } from "./kernel-variants.mjs";

const names = /** @type {(keyof typeof kernelVariants)[]} */ (Object.keys(kernelVariants));

describe("a generated module", () => {
  test.each(names)("(%s) is what its sources compile to", async (variant) => {
    const same = Buffer.compare(await compileVariant(variant), await kernelBytes(variant)) === 0;
    expect(same, "run: npm run build:kernels -w @kindred/backend-wasm").toBe(true);
  });
});
