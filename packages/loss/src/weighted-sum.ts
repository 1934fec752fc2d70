import { ConfigError } from "@kindred/errors";
import { add, scale } from "@kindred/nn";
import type { Loss, LossContext, LossNeeds } from "./loss.ts";

/** A loss and what it counts for in a sum. */
export type WeightedLoss = { readonly loss: Loss; readonly weight: number };

/**
 * Several losses of the same rows as one.
 *
 *     value = Σ_k weights[k] · loss_k
 *
 * It needs what any of them needs, and trains what any of them trains, the k-th one's weights under `k.name`. Losses over rows and over the
 * batch do not mix: one that is given the whole batch cannot give a core's share.
 *
 * @param name of the sum, for messages, run files and the model card
 * @throws ConfigError without a loss, for a weight that is not above 0, for losses over rows and over the batch, and for two that need
 * another kind of scores, labels or length of a model's vectors, or take no number of texts together
 * @see Hinton, Vinyals, Dean (2015), Distilling the knowledge in a neural network, section 2, a sum of two objectives.
 *
 * @example
 * ```ts
 * import { type Loss, lossShare, weightedSum } from "@kindred/loss";
 * import { scale, sum } from "@kindred/nn";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const total: Loss = { name: "total", options: {}, over: "rows", value: ([a], { totalRows }) => scale(sum(a!), 1 / totalRows) };
 * const other: Loss = { ...total, name: "other", value: ([, b], { totalRows }) => scale(sum(b!), 1 / totalRows) };
 * await cpu().start();
 * const both = weightedSum("both", [{ loss: total, weight: 1 }, { loss: other, weight: 0.5 }]);
 * lossShare(both, [tf.tensor2d([[3, 4]]), tf.tensor2d([[1, 1]])]).dataSync(); // => [8]
 * ```
 */
export function weightedSum(name: string, parts: readonly WeightedLoss[]): Loss {
  const [first] = parts;
  const refuse = (problem: string): never => {
    throw new ConfigError(`${name}: ${problem}`, { loss: name });
  };
  if (first === undefined) return refuse("a sum of no losses. Expected one at least.");
  const wrong = parts.find(({ weight }) => !(weight > 0 && weight < Infinity));
  if (wrong !== undefined)
    return refuse(`the weight of ${wrong.loss.name} is out of range. Got ${wrong.weight}, expected a number above 0.`);
  const { over } = first.loss;
  const other = parts.find(({ loss }) => loss.over !== over);
  if (other !== undefined)
    return refuse(
      `${first.loss.name} is over ${over}, ${other.loss.name} over ${other.loss.over}. Expected all alike.`,
    );
  const needs = parts.map(({ loss }) => loss.needs ?? {}).reduce((one, next) => together(one, next, refuse));
  const parameters = parts.flatMap(({ loss }, k) =>
    (loss.parameters ?? []).map((spec) => ({ ...spec, name: `${k}.${spec.name}` })),
  );
  const cuts = [...new Set(parts.flatMap(({ loss }) => loss.matryoshkaDimensions ?? []))];
  return {
    name,
    options: {
      losses: parts.map(({ loss }) => ({ name: loss.name, options: loss.options })),
      weights: parts.map(({ weight }) => weight),
    },
    over,
    needs,
    ...(parameters.length > 0 && { parameters }),
    ...(cuts.length > 0 && { matryoshkaDimensions: cuts }),
    value: (columns, context) =>
      parts
        .map(({ loss, weight }, k) =>
          scale(loss.value(columns, { ...context, parameters: ofPart(context, k) }), weight),
        )
        .reduce(add),
  };
}

function ofPart({ parameters }: LossContext, k: number): LossContext["parameters"] {
  const prefix = `${k}.`;
  return Object.fromEntries(
    Object.entries(parameters).flatMap(([name, value]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), value]] : [],
    ),
  );
}

/** What two losses need together; a loss without `texts` takes two or more. */
function together(one: LossNeeds, other: LossNeeds, refuse: (problem: string) => never): LossNeeds {
  const [a, b] = [one, other].map(({ texts = { least: 2 } }) => texts);
  const least = Math.max(a?.least ?? 0, b?.least ?? 0);
  const most = Math.min(a?.most ?? Infinity, b?.most ?? Infinity);
  if (least > most) refuse(`one of its losses takes ${most} texts at most, another ${least} at least.`);
  for (const need of ["scores", "labels"] as const)
    if (one[need] !== undefined && other[need] !== undefined && one[need] !== other[need])
      refuse(`its losses need other ${need}: ${one[need]} and ${other[need]}.`);
  for (const [model, length] of Object.entries(one.dimensions ?? {}))
    if ((other.dimensions?.[model] ?? length) !== length)
      refuse(`its losses need vectors of ${model} of other lengths: ${length} and ${other.dimensions?.[model]}.`);
  const vectors = [...new Set([...(one.vectors ?? []), ...(other.vectors ?? [])])];
  return {
    ...one,
    ...other,
    texts: { least, ...(most < Infinity && { most }) },
    ...(vectors.length > 0 && { vectors }),
    ...((one.dimensions ?? other.dimensions) && { dimensions: { ...one.dimensions, ...other.dimensions } }),
  };
}
