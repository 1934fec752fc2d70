import { type AttentionFixed, attentionGradientOp, attentionOp } from "@kindred/nn";
import type { DotOptions, Graph, Value } from "@kindred/stablehlo";
import { implementRule } from "../implement-rule.ts";
import { type AttentionBlocks, attentionBlocks } from "./attention-blocks.ts";
import { biasOfPairs, sumsAtDistances } from "./bias-of-pairs.ts";
import { column, withoutPadding } from "./row-places.ts";
import { LEFT_OUT, softmax } from "./softmax.ts";
import { keptAt } from "./threefry.ts";

/**
 * Attention over blocks of rows, in each of which are whole sentences: one matrix of scores for a block and a head, in which pairs of two
 * sentences are left out. Its products stay float32: they are a small part of a model's, and what they give is an exponent.
 */
export function implementAttention(): void {
  implementRule(attentionOp, (graph, { q, k, v, bias }, { key, ...data }, fixed) => {
    const blocks = attentionBlocks(graph, data, fixed);
    const given = [blocks.into(q), blocks.into(k), blocks.into(v), bias, blocks.sentence] as const;
    const mask = key === undefined ? [] : [keptWeights(graph, key, blocks, fixed)];
    const y = graph.call("attention", [...given, ...mask], (f, q, k, v, bias, sentence, kept?: Value) => {
      const heads = headsOf(f, sentence, blocks, fixed);
      const weights = weightsOf(f, heads.into(q), heads.into(k), { bias, sentence });
      return heads.outOf(f.dot(dropped(f, weights, kept, fixed), heads.into(v), overKeys));
    });
    return blocks.outOf(y);
  });
  implementRule(attentionGradientOp, (graph, { dy, q, k, v, bias }, { key, ...data }, fixed) => {
    const blocks = attentionBlocks(graph, data, fixed);
    const rows = [blocks.into(dy), blocks.into(q), blocks.into(k), blocks.into(v)] as const;
    const mask = key === undefined ? [] : [keptWeights(graph, key, blocks, fixed)];
    const given = [...rows, bias, blocks.sentence, ...mask] as const;
    const [dq, dk, dv, dbias] = graph.call("attentionGradient", given, (f, ...[dy, q, k, v, bias, sentence, kept]) => {
      const heads = headsOf(f, sentence, blocks, fixed);
      const [dy4, q4, k4, v4] = [heads.into(dy), heads.into(q), heads.into(k), heads.into(v)];
      const weights = weightsOf(f, q4, k4, { bias, sentence });
      const dKept = f.dot(dy4, v4, overFeatures);
      const dWeights = dropped(f, dKept, kept, fixed);
      const perQuery = column(f, f.reduce("add", f.binary("multiply", dWeights, weights), [3]));
      const dScores = f.binary("multiply", weights, f.binary("subtract", dWeights, perQuery));
      const scaled = (x: Value) => f.binary("multiply", x, scaleOf(q4));
      return [
        scaled(heads.outOf(f.dot(dScores, k4, overKeys))),
        scaled(heads.outOf(f.dot(dScores, q4, overQueries))),
        heads.outOf(f.dot(dropped(f, weights, kept, fixed), dy4, overQueries)),
        sumsAtDistances(f, f.reduce("add", dScores, [0]), bias.shape[1] ?? 0),
      ];
    });
    return [blocks.outOf(dq), blocks.outOf(dk), blocks.outOf(dv), dbias];
  });
}

// Products of each block and head alone: of rows "blocks rows heads size", of weights "blocks heads queries keys".
const overFeatures: DotOptions = {
  contract: [[3], [3]],
  batch: [
    [0, 2],
    [0, 2],
  ],
};
const overKeys: DotOptions = {
  contract: [[3], [1]],
  batch: [
    [0, 1],
    [0, 2],
  ],
};
const overQueries: DotOptions = {
  contract: [[2], [1]],
  batch: [
    [0, 1],
    [0, 2],
  ],
};

/** Rows of blocks as "blocks rows heads size", zeros where there is no token, and back from "blocks heads rows size". */
function headsOf(f: Graph, sentence: Value, { count, length }: AttentionBlocks, { heads }: AttentionFixed) {
  const real = f.compare("GE", sentence, 0);
  return {
    into: (x: Value) => {
      const [, hidden = 0] = x.shape;
      return f.reshape(withoutPadding(f, x, real), [count, length, heads, hidden / heads]);
    },
    outOf: (y: Value) => {
      const [, , , size = 0] = y.shape;
      return withoutPadding(f, f.reshape(f.transpose(y, [0, 2, 1, 3]), [count * length, heads * size]), real);
    },
  };
}

/** softmax(q·kᵀ/√size + bias) over the keys of the query's sentence, "blocks heads queries keys". */
function weightsOf(
  f: Graph,
  q: Value,
  k: Value,
  { bias, sentence }: { readonly bias: Value; readonly sentence: Value },
): Value {
  const [count = 0, length = 0, heads = 0] = q.shape;
  const scaled = f.binary("multiply", q, scaleOf(q));
  const scores = f.dot(scaled, k, overFeatures);
  const biased = f.binary("add", scores, f.reshape(biasOfPairs(f, bias, length), [1, heads, length, length]));
  const ofQuery = f.reshape(sentence, [count, 1, length, 1]);
  const ofKey = f.reshape(sentence, [count, 1, 1, length]);
  return softmax(f, f.select(f.compare("EQ", ofQuery, ofKey), biased, LEFT_OUT));
}

function scaleOf({ shape: [, , , size = 0] }: Value): number {
  return 1 / Math.sqrt(size);
}

/** Weights with those that dropout drops at 0, the others scaled. */
function dropped(f: Graph, weights: Value, kept: Value | undefined, { rate = 0 }: AttentionFixed): Value {
  return kept === undefined ? weights : f.select(kept, f.binary("multiply", weights, 1 / (1 - rate)), 0);
}

/** Which weights dropout keeps, i1 "blocks heads queries keys". The rule is at `attention`. */
function keptWeights(graph: Graph, key: Value, blocks: AttentionBlocks, { heads, rate = 0 }: AttentionFixed): Value {
  const { count, length, number, position } = blocks;
  return graph.call("keptWeights", [key, number, position], (f, key, number, position) => {
    const perQuery = (x: Value) => f.reshape(x, [count, 1, length, 1]);
    const head = f.binary("multiply", f.iota([1, heads, 1, 1], 1, "ui32"), 2 ** 26);
    const query = f.binary("add", head, f.binary("multiply", perQuery(position), 2 ** 13));
    const c1 = f.binary("add", query, f.reshape(position, [count, 1, 1, length]));
    return keptAt(f, key, [f.broadcastTo(perQuery(number), c1.shape), c1], rate);
  });
}
