import { cpu, defineOp, packed, tfjs, valueAndGradients } from "@kindred/tensor";
import { checkOp, expectMutantToFail, opCases, type OpTools, opLaws } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { test } from "vitest";
import { attentionAxes, attentionLaws, attentionSizes } from "../test-support/attention-laws.ts";
import { type AttentionData, attentionOp } from "./attention.ts";

const tools: OpTools = { reference: cpu(), valueAndGradients };

opLaws(tools, attentionLaws, [cpu(), tfjs()]);

const mutants: [fault: string, (inputs: Inputs) => Inputs, (data: AttentionData) => AttentionData][] = [
  [
    "a position bias shifted by one",
    (inputs) => ({
      ...inputs,
      bias: tf.concat([tf.slice(inputs.bias, [0, 1]), tf.slice(inputs.bias, [0, 0], [3, 1])], 1),
    }),
    (data) => data,
  ],
  ["a mask between sentences that is ignored", (inputs) => inputs, () => packed([13]).data],
  ["keys taken for queries", ({ q, k, ...rest }) => ({ q: k, k: q, ...rest }), (data) => data],
];
type Inputs = Parameters<typeof attentionOp>[0];

test.each(mutants)("the law notices %s", async (_, changeInputs, changeData) => {
  const { data, fixed } = packed([5, 8]);
  const cases = opCases(attentionAxes, {
    sizes: { ...attentionSizes, tokens: { is: 13 } },
    given: () => fc.constant({ data, fixed: { ...fixed, longest: 13, heads: 3 } }),
  });
  const law = { ...attentionLaws[0]!, cases, runs: 2 };
  await checkOp(tools, cpu(), { ...law, op: defineOp({ ...attentionOp.op, name: "KindredAttentionSame" }) });
  const mutant = defineOp({
    ...attentionOp.op,
    name: `Mutant: ${_}`,
    composite: (inputs, given, constants) =>
      attentionOp.op.composite(changeInputs(inputs), changeData(given), constants),
  });
  await expectMutantToFail(() => checkOp(tools, cpu(), { ...law, op: mutant }));
});
