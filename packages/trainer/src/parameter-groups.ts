import { groupOf, type Optimizer, type ParameterGroup } from "@kindred/adamw";
import type { ParameterKind, ParameterSpec } from "@kindred/encoder";
import { ConfigError } from "@kindred/errors";
import type { TrainConfig } from "./train-options.ts";

/** The options that treat parameters apart. */
export type GroupOptions = Pick<TrainConfig, "freeze" | "rates" | "weightDecays" | "layerDecay">;

/**
 * The groups in which a run's parameters learn: those alike in freezing, rate and decay together. None where all learn alike.
 *
 * @throws ConfigError for a form that is none, and for a name that no parameter has.
 *
 * @example
 * ```ts
 * import { parameterGroups, trainConfig } from "@kindred/trainer";
 *
 * const specs = [
 *   { name: "embeddings.words", shape: [9, 4], kind: "table", depth: 0 },
 *   { name: "layer.0.weight", shape: [4, 4], kind: "matrix", depth: 1 },
 *   { name: "layer.1.weight", shape: [4, 4], kind: "matrix", depth: 2 },
 * ] as const;
 * const config = trainConfig({ layerDecay: 0.5, freeze: ["embeddings.*"] });
 * parameterGroups(config, specs); // => [{ names: ["embeddings.words"], frozen: true }, { names: ["layer.0.weight"], rate: 0.5 }]
 * ```
 */
export function parameterGroups(config: GroupOptions, specs: readonly ParameterSpec[]): ParameterGroup[] {
  const frozen = config.freeze.map((name) => selector("freeze", name));
  const rates = config.rates.map((text) => numbered("rates", text));
  const decays = config.weightDecays.map((text) => numbered("weightDecays", text));
  const chosen = [
    ...frozen.map((group, i) => ({ group, option: "freeze", text: config.freeze[i] })),
    ...rates.map((group, i) => ({ group, option: "rates", text: config.rates[i] })),
    ...decays.map((group, i) => ({ group, option: "weightDecays", text: config.weightDecays[i] })),
  ];
  for (const { group, option, text } of chosen) {
    if (specs.some((spec) => groupOf([group], spec) === 0)) continue;
    throw new ConfigError(
      `train: ${option} names no parameter of the model. Got ${text}, expected one like ${specs[0]?.name} or ${specs.at(-1)?.name}.`,
      { key: option, text },
    );
  }
  const layers = Math.max(0, ...specs.map(({ depth = 0 }) => depth));
  type Alike = { readonly learns: Omit<ParameterGroup, "names">; readonly names: string[] };
  const alike = new Map<string, Alike>();
  for (const spec of specs) {
    const ofLayer = spec.depth === undefined ? 1 : config.layerDecay ** (layers - spec.depth);
    const rate = rates[groupOf(rates, spec)]?.number ?? ofLayer;
    const weightDecay = decays[groupOf(decays, spec)]?.number;
    const learns =
      groupOf(frozen, spec) >= 0
        ? { frozen: true }
        : { ...(rate !== 1 && { rate }), ...(weightDecay !== undefined && { weightDecay }) };
    if (Object.keys(learns).length === 0) continue;
    const key = JSON.stringify(learns);
    const group: Alike = alike.get(key) ?? { learns, names: [] };
    alike.set(key, group);
    group.names.push(spec.name);
  }
  if (specs.length > 0 && specs.every((spec) => groupOf(frozen, spec) >= 0))
    throw new ConfigError(`train: freeze leaves nothing to train. Got ${config.freeze.join(", ")}.`, { key: "freeze" });
  return [...alike.values()].map(({ learns, names }) => ({ names, ...learns }));
}

const kinds: readonly ParameterKind[] = ["table", "matrix", "gain", "shift"];

/** The parameters that a name, or kind:KIND, stands for. */
function selector(option: string, text: string): ParameterGroup {
  if (!text.startsWith("kind:")) return { names: [text] };
  const kind = kinds.find((known) => text === `kind:${known}`);
  if (kind !== undefined) return { kinds: [kind] };
  throw new ConfigError(`train: ${option} names an unknown kind. Got ${text}, expected one of ${kinds.join(", ")}.`, {
    key: option,
  });
}

function numbered(option: string, text: string): ParameterGroup & { readonly number: number } {
  const [, name, digits] = /^(.+)=([^=]+)$/.exec(text) ?? [];
  const number = digits === undefined ? Number.NaN : Number(digits);
  if (name !== undefined && number >= 0 && number < Infinity) return { ...selector(option, name), number };
  throw new ConfigError(`train: ${option} say NAME=NUMBER. Got ${text}, expected a number from 0 on after the =.`, {
    key: option,
  });
}

/** A program's optimizer, under which what the options freeze stays as it is. */
export function withFrozen(
  optimizer: Optimizer,
  { freeze }: Pick<TrainConfig, "freeze">,
  specs: readonly ParameterSpec[],
): Optimizer {
  if (freeze.length === 0) return optimizer;
  const apart = parameterGroups({ freeze, rates: [], weightDecays: [], layerDecay: 1 }, specs);
  const names = new Set(apart.flatMap(({ names = [] }) => names));
  const isFrozen = (spec: ParameterSpec) => names.has(spec.name) || optimizer.isFrozen?.(spec) === true;
  const { name, options, slots } = optimizer;
  return {
    ...{ name, options: { ...options, freeze }, slots, isFrozen },
    learningRate: (step) => optimizer.learningRate(step),
    numbers: (step) => optimizer.numbers(step),
    rests: (spec) => isFrozen(spec) || optimizer.rests(spec),
    update: (own, step, spec) => optimizer.update(own, step, spec),
    ...(optimizer.updateArrays && {
      updateArrays: (...given: Parameters<NonNullable<Optimizer["updateArrays"]>>) =>
        optimizer.updateArrays?.(...given),
    }),
  };
}
