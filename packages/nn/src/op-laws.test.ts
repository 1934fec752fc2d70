import { cpu, defineOp, type LayoutData, type LayoutFixed, tfjs, valueAndGradients } from "@kindred/tensor";
import { checkOp, expectMutantToFail, opCases, type OpTools, opLaws } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { adamwLaws } from "../test-support/adamw-laws.ts";
import { arbitraryLayout } from "../test-support/arbitrary-layout.ts";
import { opLawList } from "../test-support/op-laws.ts";
import * as nn from "./index.ts";

const tools: OpTools = { reference: cpu(), valueAndGradients };

opLaws(tools, [...opLawList, ...adamwLaws], [cpu(), tfjs()]);

test("every op has a law, and every gradient op belongs to one", () => {
  const names = Object.values(nn).flatMap((exported) => ("op" in exported ? [exported.op.name] : []));
  // Attention's law has a file of its own.
  const covered = new Set(
    [nn.attentionOp, ...[...opLawList, ...adamwLaws].map(({ op }) => op)].map(({ op }) => op.name),
  );
  expect(names.filter((name) => !covered.has(name.replace(/Gradient$/, "")))).toEqual([]);
});

// biome-ignore lint/suspicious/noExplicitAny: ops of many types
const mutants: [fault: string, original: any, mutant: any][] = [
  [
    "the wrong transpose",
    nn.linearOp,
    {
      gradient: (dy: tf.Tensor, { x, weight }: { x: tf.Tensor; weight: tf.Tensor }) => ({
        x: () => tf.matMul(dy, tf.transpose(weight)),
        weight: () => tf.matMul(tf.transpose(dy), x),
        bias: () => tf.sum(dy, 0),
      }),
    },
  ],
  [
    "GELU's gradient without the density",
    nn.geluOp,
    {
      gradient: (dy: tf.Tensor, { x }: { x: tf.Tensor }) => ({
        x: () => tf.mul(dy, tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5)),
      }),
    },
  ],
  [
    "a quotient whose divisor counts twice",
    nn.divideOp,
    {
      gradient: (dy: tf.Tensor, { y }: { y: tf.Tensor }) => ({
        x: () => tf.div(dy, y),
        y: () => tf.neg(tf.div(dy, y)),
      }),
    },
  ],
  [
    "a log-sum-exp whose gradient is not normalised",
    nn.logSumExpOp,
    {
      gradient: (dy: tf.Tensor, { x }: { x: tf.Tensor }) => ({ x: () => tf.mul(tf.sigmoid(x), tf.expandDims(dy, 1)) }),
    },
  ],
  [
    "a selection that gives both their gradient",
    nn.selectOp,
    { gradient: (dy: tf.Tensor) => ({ x: () => dy, y: () => dy }) },
  ],
  [
    "a mean over the batch instead of a sentence",
    nn.meanPoolOp,
    {
      composite: ({ x }: { x: tf.Tensor2D }, _: LayoutData, { batch }: LayoutFixed) =>
        tf.add(tf.zeros([batch, x.shape[1]]), tf.mean(x, 0)),
    },
  ],
  [
    "dropout that doesn't scale what it keeps",
    nn.dropoutOp,
    {
      gradient: (dy: tf.Tensor, _: unknown, data: nn.DropoutData, fixed: nn.DropoutFixed) => ({
        x: () => tf.mul(nn.dropoutOp({ x: dy }, data, fixed), 1 - fixed.rate),
      }),
    },
  ],
];

test.each(mutants)("the law notices %s", async (_, original, changed) => {
  const law = opLawList.find(({ op }) => op === original)!;
  const square = opCases({ x: "n n", weight: "n n" }, { sizes: { n: { is: 5 } } });
  const cases = original === nn.linearOp ? square : law.cases;
  await checkOp(tools, cpu(), { ...law, cases, op: defineOp({ ...original.op, name: `${original.op.name}Same` }) });
  const mutant = defineOp({ ...original.op, ...changed, name: `${original.op.name}Mutant` });
  await expectMutantToFail(() => checkOp(tools, cpu(), { ...law, cases, op: mutant }));
});

test("layouts of these laws have as many rows as they should", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 40 }).chain((tokens) => fc.tuple(fc.constant(tokens), arbitraryLayout(tokens, 13))),
      ([tokens, layout]) => {
        expect(layout.fixed.rows).toBe(tokens);
      },
    ),
  );
});
