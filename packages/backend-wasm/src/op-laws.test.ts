import { cpu, valueAndGradients } from "@kindred/tensor";
import { checkOp, type OpTools, type AnyOpLaw } from "@kindred/testing";
import { describe, expect, test } from "vitest";
import { adamwLaws } from "../../nn/test-support/adamw-laws.ts";
import { attentionLaws } from "../../nn/test-support/attention-laws.ts";
import { formLaws } from "../../nn/test-support/form-laws.ts";
import { opLawList } from "../../nn/test-support/op-laws.ts";
import { kernels } from "./kernels.ts";
import { relaxedSimdWorks } from "@kindred/side-module";
import { wasm } from "./wasm.ts";

const tools: OpTools = { reference: cpu(), valueAndGradients };
const names = new Set(kernels.map(({ name }) => name));
const laws: AnyOpLaw[] = [...opLawList, ...attentionLaws, ...adamwLaws].filter(({ op }) => names.has(op.op.name));

// The laws of `nn` itself: value and gradient are the float64 reference's, and the composite's on tfjs's cpu backend.
describe.each(["simd", "relaxed", "wide"] as const)("the %s kernel", (variant) => {
  const able = variant === "simd" || relaxedSimdWorks();
  test.skipIf(!able).each(laws)("of $op.op.name obeys the op's law", async (law) => {
    await checkOp(tools, wasm({ variant }), law);
  });
});

describe("with kernels", () => {
  formLaws(() => wasm().start());
});

test("every kernel belongs to an op that has a law", () => {
  const covered = new Set(laws.map(({ op }) => op.op.name));
  expect([...names].filter((name) => !covered.has(name.replace(/Gradient$/, "")))).toEqual([]);
});
