import * as nn from "@kindred/nn";
import { asWasmBackend, cpu, tfjs, valueAndGradients } from "@kindred/tensor";
import { checkOp, expectMutantToFail, type OpTools, type AnyOpLaw } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { test } from "vitest";
import { attentionLaws } from "../../nn/test-support/attention-laws.ts";
import { opLawList } from "../../nn/test-support/op-laws.ts";
import { instantiateKernels } from "./instantiate-kernels.ts";
import type { KernelExports } from "./generated/kernel-exports.ts";
import { replaceKernels } from "./kernels.ts";

const tools: OpTools = { reference: cpu(), valueAndGradients };
type Numbers = number[];

/** `numbers` with some of them changed, by their places in the kernel's arguments. */
const changed = (numbers: Numbers, changes: { readonly [at: number]: (number: number) => number }) =>
  numbers.map((number, at) => changes[at]?.(number) ?? number);
const less = (by: number) => (number: number) => number - by;
const always = (number: number) => () => number;

const lawOf = ({ op: { name } }: { readonly op: { readonly name: string } }): AnyOpLaw => {
  const law = opLawList.find(({ op }) => op.op.name === name);
  if (law === undefined) throw new Error(`${name} has no law.`);
  return law;
};
const [plain, dropped] = attentionLaws;

type Mutant = [fault: string, law: AnyOpLaw, kernel: keyof KernelExports, change: (numbers: Numbers) => Numbers];
const mutants: Mutant[] = [
  ["a position bias shifted by one", plain, "attention", (all) => changed(all, { 3: less(-4) })],
  ["keys in the place of queries", plain, "attention", (all) => changed(all, { 0: always(all[1]!) })],
  ["a gradient that forgets the dropout", dropped, "attentionGradient", (all) => changed(all, { 14: always(0) })],
  ["a mask of another key", dropped, "attention", (all) => changed(all, { 12: less(1) })],
  ["a mask of another key", lawOf(nn.dropoutOp), "dropout", (all) => changed(all, { 7: less(1) })],
  ["a last row left out", lawOf(nn.layerNormOp), "layerNorm", (all) => changed(all, { 5: less(1) })],
  ["a residual left out", lawOf(nn.addLayerNormOp), "layerNormGradient", (all) => changed(all, { 2: always(0) })],
  ["a last panel left out", lawOf(nn.packWeightOp), "packWeight", (all) => changed(all, { 1: less(8) })],
  ["panels in the place of rows", lawOf(nn.packWeightOp), "matmul", (all) => changed(all, { 0: always(2) })],
  ["a last element left out", lawOf(nn.geluOp), "gelu", (all) => changed(all, { 2: less(1) })],
  ["a last element left out", lawOf(nn.geluOp), "geluGradient", (all) => changed(all, { 3: less(1) })],
  ["a last row left out", lawOf(nn.embeddingOp), "scatterRows", (all) => changed(all, { 3: less(1) })],
  ["weights that are not read", lawOf(nn.weightedPoolOp), "pool", (all) => changed(all, { 1: always(0) })],
  ["a larger epsilon", lawOf(nn.l2NormalizeOp), "l2NormalizeGradient", (all) => changed(all, { 5: always(9) })],
  [
    "exclusions not read",
    lawOf(nn.softmaxCrossEntropyOp),
    "softmaxCrossEntropy",
    (all) => changed(all, { 2: always(0) }),
  ],
];

test.each(mutants)("the laws notice %s (%#)", async (_, law, kernel, change) => {
  await tfjs().start();
  const backend = asWasmBackend(tf.backend())!;
  const exports = await instantiateKernels("simd", (backend.wasm.wasmMemory ?? backend.wasm.asm?.memory)!);
  const original = exports[kernel] as (...numbers: Numbers) => number;
  const tampered: KernelExports = { ...exports, [kernel]: (...numbers: Numbers) => original(...change(numbers)) };
  const stop = replaceKernels(tampered, backend);
  try {
    // Fixed cases, since those that fast-check draws it would shrink, for minutes.
    const cases = fc.constantFrom(...fc.sample(law.cases, { numRuns: 5, seed: 1 }));
    await expectMutantToFail(() => checkOp(tools, tfjs(), { ...law, cases }));
  } finally {
    stop();
  }
});
