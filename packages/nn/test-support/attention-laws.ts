import { dropoutThreshold, type Key, threefry2x32 } from "@kindred/random";
import { packed, sentencesOf } from "@kindred/tensor";
import { arbitraryKey, type Numbers, opCases, type OpLaw } from "@kindred/testing";
import fc from "fast-check";
import { type AttentionData, type AttentionFixed, type AttentionInputs, attentionOp } from "../src/index.ts";
import { arbitraryLayout } from "./arbitrary-layout.ts";
import { cell, columns, total } from "./number-tables.ts";

function attention(
  { q, k, v, bias }: { readonly [Name in keyof AttentionInputs]: Numbers },
  data: AttentionData,
  { heads, rate }: AttentionFixed,
): Float64Array {
  const [key0, key1] = data.key ?? [];
  const dropout =
    key0 === undefined || key1 === undefined || rate === undefined ? undefined : { key: [key0, key1] as const, rate };
  const hidden = columns(q);
  const size = hidden / heads;
  const [y, middle] = [new Float64Array(q.values.length), (columns(bias) - 1) / 2];
  for (const { start, length, number } of sentencesOf(data)) {
    for (let head = 0; head < heads; head++) {
      for (let i = 0; i < length; i++) {
        const exponentials = Array.from({ length }, (_, j) => {
          const product = total(size, (c) => cell(q, start + i, head * size + c) * cell(k, start + j, head * size + c));
          return Math.exp(product / Math.sqrt(size) + cell(bias, head, j - i + middle));
        });
        const sum = exponentials.reduce((a, b) => a + b, 0);
        for (const [j, exponential] of exponentials.entries()) {
          const kept = dropout === undefined ? 1 : keptWeight(dropout, number, head * 2 ** 26 + i * 2 ** 13 + j);
          for (let c = 0; c < size; c++) {
            const at = (start + i) * hidden + head * size + c; // within: q is "tokens hidden"
            y[at]! += (exponential / sum) * kept * cell(v, start + j, head * size + c);
          }
        }
      }
    }
  }
  return y;
}

const keptWeight = ({ key, rate }: { key: Key; rate: number }, row: number, counter: number) =>
  threefry2x32(key, row, counter >>> 0)[0] >= dropoutThreshold(rate) ? 1 / (1 - rate) : 0;

/** The axes of attention's inputs. */
export const attentionAxes = {
  q: "tokens hidden",
  k: "tokens hidden",
  v: "tokens hidden",
  bias: "heads distances",
} as const;
/** Small sizes, with a bias for sentences of up to 13 tokens. */
export const attentionSizes = { heads: { is: 3 }, hidden: { is: 6 }, distances: { is: 25 }, tokens: { max: 33 } };

type AttentionLaw = OpLaw<AttentionInputs, AttentionData, AttentionFixed>;
const ofAttention: Pick<AttentionLaw, "op" | "wrt" | "reference"> = {
  op: attentionOp,
  wrt: ["q", "k", "v", "bias"],
  reference: attention,
};

/** The laws of attention, without dropout, with it, and over several blocks. */
export const attentionLaws: readonly [plain: AttentionLaw, dropped: AttentionLaw, large: AttentionLaw] = [
  {
    ...ofAttention,
    cases: opCases(attentionAxes, {
      sizes: attentionSizes,
      given: ({ tokens }) =>
        arbitraryLayout(tokens, 13).map(({ data, fixed }) => ({ data, fixed: { ...fixed, heads: 3 } })),
    }),
  },
  {
    ...ofAttention,
    cases: opCases(attentionAxes, {
      sizes: attentionSizes,
      given: ({ tokens }) =>
        fc
          .tuple(arbitraryLayout(tokens, 13), fc.constantFrom(0, 0.1, 0.5), arbitraryKey())
          .map(([{ data, fixed }, rate, key]) => ({
            data: { ...data, key: Uint32Array.from(key) },
            fixed: { ...fixed, heads: 3, rate },
          })),
    }),
  },
  {
    // Several blocks, groups of several lengths, and matrix products large enough for wasm's fast kernel.
    ...ofAttention,
    cases: opCases(attentionAxes, {
      sizes: { heads: { is: 1 }, hidden: { is: 8 }, distances: { is: 139 }, tokens: { is: 170 } },
      given: () => {
        const { data, fixed } = packed([70, 3, 64, 0, 33]);
        return fc.constant({ data, fixed: { ...fixed, heads: 1 } });
      },
    }),
    runs: 1,
  },
];
