import { defineOp, packedLayout, startBackend, valueAndGradients } from "@kindred/tensor";
import { checkOp, expectMutantToFail, opCases, type OpEngine, opLaws } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { test } from "vitest";
import { attentionAxes, attentionLaws, attentionSizes } from "../test-support/attention-laws.ts";
import { type AttentionAttributes, attentionOp } from "./attention.ts";

const engine = { startBackend, valueAndGradients } as unknown as OpEngine;

opLaws(engine, attentionLaws);

const mutants: [fault: string, (inputs: Inputs) => Inputs, (attributes: AttentionAttributes) => AttentionAttributes][] =
  [
    [
      "a position bias shifted by one",
      (inputs) => ({
        ...inputs,
        bias: tf.concat([tf.slice(inputs.bias, [0, 1]), tf.slice(inputs.bias, [0, 0], [3, 1])], 1),
      }),
      (attributes) => attributes,
    ],
    [
      "a mask between sentences that is ignored",
      (inputs) => inputs,
      (attributes) => ({ ...attributes, layout: packedLayout([0, 13]) }),
    ],
    ["keys taken for queries", ({ q, k, ...rest }) => ({ q: k, k: q, ...rest }), (attributes) => attributes],
  ];
type Inputs = Parameters<typeof attentionOp>[0];

test.each(mutants)("the law notices %s", async (_, changeInputs, changeAttributes) => {
  const cases = opCases<AttentionAttributes>(attentionAxes, {
    sizes: { ...attentionSizes, tokens: { is: 13 } },
    attributes: () => fc.constant({ layout: packedLayout([0, 5, 13]), heads: 3 }),
  });
  const law = { ...attentionLaws[0]!, cases, runs: 2 };
  await checkOp(engine, "cpu", { ...law, op: defineOp({ ...attentionOp.op, name: "KindredAttentionSame" }) });
  const mutant = defineOp({
    ...attentionOp.op,
    name: `Mutant: ${_}`,
    composite: (inputs, attributes) => attentionOp.op.composite(changeInputs(inputs), changeAttributes(attributes)),
  });
  await expectMutantToFail(() => checkOp(engine, "cpu", { ...law, op: mutant }));
});
