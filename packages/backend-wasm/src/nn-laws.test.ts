import { startBackend, valueAndGradients } from "@kindred/tensor";
import { checkOp, type OpEngine, type OpLaw } from "@kindred/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { attentionLaws } from "../../nn/test-support/attention-laws.ts";
import { formLaws } from "../../nn/test-support/form-laws.ts";
import { opLawList } from "../../nn/test-support/op-laws.ts";
import { kernels } from "./kernels.ts";
import { relaxedSimdWorks } from "./relaxed-simd-works.ts";
import { startWasmKernels, type WasmKernels } from "./start-wasm-kernels.ts";

const engine = { startBackend, valueAndGradients } as unknown as OpEngine;
const names = new Set(kernels.map(({ name }) => name));
// biome-ignore lint/suspicious/noExplicitAny: a list holds ops with data and constants of many types
const laws: OpLaw<any, any>[] = [...opLawList, ...attentionLaws].filter(({ op }) => names.has(op.op.name));

// The laws of `nn` itself: value and gradient are the float64 reference's, and the composite's on tfjs's cpu backend.
describe.each(["simd", "relaxed", "wide"] as const)("the %s kernel", (variant) => {
  const able = variant === "simd" || relaxedSimdWorks();
  let running: WasmKernels | undefined;
  beforeAll(async () => {
    if (able) running = await startWasmKernels({ variant });
  });
  afterAll(() => running?.stop());

  test.skipIf(!able).each(laws)("of $op.op.name obeys the op's law", async (law) => {
    await checkOp(engine, "wasm", law);
  });
});

describe("with kernels", () => {
  let running: WasmKernels | undefined;
  beforeAll(async () => {
    running = await startWasmKernels();
  });
  afterAll(() => running?.stop());

  formLaws(() => startBackend("wasm"));
});

test("every kernel belongs to an op that has a law", () => {
  const covered = new Set(laws.map(({ op }) => op.op.name));
  expect([...names].filter((name) => !covered.has(name.replace(/Gradient$/, "")))).toEqual([]);
});
