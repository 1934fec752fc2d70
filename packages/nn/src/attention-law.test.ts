import { dropoutThreshold, type Key, threefry2x32 } from "@kindred/random";
import {
  defineOp,
  layoutBatch,
  packedLayout,
  paddedLayout,
  type SequenceLayout,
  sentenceSpan,
  startBackend,
  valueAndGradients,
} from "@kindred/tensor";
import {
  arbitraryKey,
  checkOp,
  expectMutantToFail,
  type Numbers,
  opCases,
  type OpEngine,
  type OpLaw,
  opLaws,
} from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { test } from "vitest";
import { type AttentionAttributes, attentionOp } from "./attention.ts";

const engine = { startBackend, valueAndGradients } as unknown as OpEngine;

/** A layout of exactly `tokens` rows, packed or padded, sentences of no tokens among them, none longer than `maxLength`. */
function layoutOf(tokens: number, maxLength = tokens): fc.Arbitrary<SequenceLayout> {
  const packed = fc.array(fc.nat(tokens), { maxLength: 4 }).map((cuts) => {
    for (let cut = maxLength; cut < tokens; cut += maxLength) cuts.push(cut);
    return packedLayout([0, ...cuts.sort((a, b) => a - b), tokens]);
  });
  const divisors = Array.from({ length: tokens }, (_, i) => i + 1).filter(
    (i) => tokens % i === 0 && tokens / i <= maxLength,
  );
  const padded = fc.constantFrom(...divisors).chain((batch) => {
    const lengths = fc.array(fc.nat(tokens / batch), { minLength: batch, maxLength: batch });
    return lengths.map((all) => paddedLayout(all, tokens / batch));
  });
  return fc.oneof(packed, padded);
}

const columns = ({ shape }: Numbers) => shape[1]!;
const cell = ({ shape, values }: Numbers, row: number, column: number) => values[row * shape[1]! + column]!;
const total = (count: number, term: (i: number) => number) =>
  Array.from({ length: count }, (_, i) => term(i)).reduce((a, b) => a + b, 0);

function attention(
  { q, k, v, bias }: { [name: string]: Numbers },
  { layout, heads, dropout }: AttentionAttributes,
): Float64Array {
  const hidden = columns(q!);
  const size = hidden / heads;
  const [y, middle] = [new Float64Array(q!.values.length), (columns(bias!) - 1) / 2];
  for (let sentence = 0; sentence < layoutBatch(layout); sentence++) {
    const { start, length } = sentenceSpan(layout, sentence);
    for (let head = 0; head < heads; head++) {
      for (let i = 0; i < length; i++) {
        const exponentials = Array.from({ length }, (_, j) => {
          const product = total(
            size,
            (c) => cell(q!, start + i, head * size + c) * cell(k!, start + j, head * size + c),
          );
          return Math.exp(product / Math.sqrt(size) + cell(bias!, head, j - i + middle));
        });
        const sum = exponentials.reduce((a, b) => a + b, 0);
        for (const [j, exponential] of exponentials.entries()) {
          const kept = dropout === undefined ? 1 : keptWeight(dropout, sentence, head * 2 ** 26 + i * 2 ** 13 + j);
          for (let c = 0; c < size; c++) {
            y[(start + i) * hidden + head * size + c]! +=
              (exponential / sum) * kept * cell(v!, start + j, head * size + c);
          }
        }
      }
    }
  }
  return y;
}

const keptWeight = ({ key, rate }: { key: Key; rate: number }, row: number, counter: number) =>
  threefry2x32(key, row, counter >>> 0)[0] >= dropoutThreshold(rate) ? 1 / (1 - rate) : 0;

const attentionAxes = { q: "tokens hidden", k: "tokens hidden", v: "tokens hidden", bias: "heads distances" };
const attentionSizes = { heads: { is: 3 }, hidden: { is: 6 }, distances: { is: 25 }, tokens: { max: 33 } };
const wrt = ["q", "k", "v", "bias"];

const laws: OpLaw<AttentionAttributes>[] = [
  {
    op: attentionOp,
    cases: opCases<AttentionAttributes>(attentionAxes, {
      sizes: attentionSizes,
      attributes: ({ tokens }) => layoutOf(tokens!, 13).map((layout) => ({ layout, heads: 3 })),
    }),
    wrt,
    reference: attention,
  },
  {
    op: attentionOp,
    cases: opCases<AttentionAttributes>(attentionAxes, {
      sizes: attentionSizes,
      attributes: ({ tokens }) =>
        fc.record({
          layout: layoutOf(tokens!, 13),
          heads: fc.constant(3),
          dropout: fc.record({ rate: fc.constantFrom(0, 0.1, 0.5), key: arbitraryKey() }),
        }),
    }),
    wrt,
    reference: attention,
  },
  {
    // Several blocks, groups of several lengths, and matrix products large enough for wasm's fast kernel.
    op: attentionOp,
    cases: opCases<AttentionAttributes>(attentionAxes, {
      sizes: { heads: { is: 1 }, hidden: { is: 8 }, distances: { is: 139 }, tokens: { is: 170 } },
      attributes: () => fc.constant({ layout: packedLayout([0, 70, 73, 137, 137, 170]), heads: 1 }),
    }),
    wrt,
    reference: attention,
    runs: 1,
  },
];

opLaws(engine, laws);

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
  const law = { ...laws[0]!, cases, runs: 2 };
  await checkOp(engine, "cpu", { ...law, op: defineOp({ ...attentionOp.op, name: "KindredAttentionSame" }) });
  const mutant = defineOp({
    ...attentionOp.op,
    name: `Mutant: ${_}`,
    composite: (inputs, attributes) => attentionOp.op.composite(changeInputs(inputs), changeAttributes(attributes)),
  });
  await expectMutantToFail(() => checkOp(engine, "cpu", { ...law, op: mutant }));
});
