import * as nn from "@kindred/nn";
import type { Graph, Value } from "@kindred/stablehlo";
import { cpu, type DefinedOp, valueAndGradients } from "@kindred/tensor";
import { type AnyOpLaw, checkOp, describePlugins, expectMutantToFail, type OpTools } from "@kindred/testing";
import fc from "fast-check";
import { test } from "vitest";
import { adamwLaws } from "../../../nn/test-support/adamw-laws.ts";
import { attentionLaws } from "../../../nn/test-support/attention-laws.ts";
import { opLawList } from "../../../nn/test-support/op-laws.ts";
import { type AnyRule, implementRule, useRules } from "../implement-rule.ts";
import { xla } from "../xla.ts";
import { implementRules } from "./implement-rules.ts";

const tools: OpTools = { reference: cpu(), valueAndGradients };
const [plain, dropped] = attentionLaws;

type Named = { readonly op: { readonly name: string } };
const lawOf = ({ op: { name } }: Named): AnyOpLaw => {
  const law = [...opLawList, ...adamwLaws].find(({ op }) => op.op.name === name);
  if (law === undefined) throw new Error(`${name} has no law.`);
  return law;
};

type Values = { readonly [name: string]: Value };
/** What a rule is given instead of its own inputs, data and constants. */
type Change = (graph: Graph, given: Values) => { readonly [name: string]: Value | number | undefined };

const shifted = (graph: Graph, x: Value) => graph.binary("add", x, 1);
/** A bias as that of the next distance. */
const ofNextDistance = (graph: Graph, bias: Value) => {
  const [heads = 0, distances = 0] = bias.shape;
  return graph.pad(graph.slice(bias, [0, 1], [heads, distances - 1]), [0, 0], [0, 1]);
};

const mutants: readonly (readonly [fault: string, law: AnyOpLaw, op: Named, change: Change])[] = [
  ["a bias of the next distance", plain, nn.attentionOp, (g, { bias }) => ({ bias: ofNextDistance(g, bias!) })],
  ["keys in the place of queries", plain, nn.attentionOp, (_, { k }) => ({ q: k })],
  ["sentences that begin a row later", plain, nn.attentionOp, (g, of) => laterRows(g, of)],
  ["a gradient that forgets dropout", dropped, nn.attentionGradientOp, () => ({ key: undefined })],
  ["a mask of another key", dropped, nn.attentionOp, (g, { key }) => ({ key: shifted(g, key!) })],
  ["a mask of another key", lawOf(nn.dropoutOp), nn.dropoutOp, (g, { key }) => ({ key: shifted(g, key!) })],
  ["another epsilon", lawOf(nn.layerNormOp), nn.layerNormOp, () => ({ epsilon: 0.01 })],
  ["a residual left out", lawOf(nn.addLayerNormOp), nn.layerNormGradientOp, () => ({ residual: undefined })],
  ["a bias left out", lawOf(nn.linearOp), nn.linearOp, () => ({ bias: undefined })],
  [
    "another place's slope",
    lawOf(nn.geluOp),
    nn.geluGradientOp,
    (g, { x }) => ({ x: g.binary("multiply", x!, 1.001) }),
  ],
  ["rows one further", lawOf(nn.embeddingOp), nn.embeddingGradientOp, (g, { ids }) => ({ ids: shifted(g, ids!) })],
  [
    "sentences one token longer",
    lawOf(nn.meanPoolOp),
    nn.meanPoolOp,
    (g, of) => ({ lengths: shifted(g, of["lengths"]!) }),
  ],
  [
    "weights of the others",
    lawOf(nn.weightedPoolOp),
    nn.weightedPoolOp,
    (g, { weights }) => ({ weights: shifted(g, weights!) }),
  ],
  ["smaller elements", lawOf(nn.segmentMaxOp), nn.segmentMaxOp, (g, { x }) => ({ x: g.unary("negate", x!) })],
  ["another norm", lawOf(nn.l2NormalizeOp), nn.l2NormalizeGradientOp, () => ({ epsilon: 9 })],
  ["exclusions not read", lawOf(nn.softmaxCrossEntropyOp), nn.softmaxCrossEntropyOp, () => ({ excluded: undefined })],
  ["no clipping", lawOf(nn.adamwOp), nn.adamwOp, (g) => ({ clip: g.constant(1) })],
];

function laterRows(graph: Graph, given: Values): Values {
  const { segments, starts } = given;
  return segments === undefined ? { starts: shifted(graph, starts!) } : { segments: shifted(graph, segments) };
}

implementRules();
const rules = new Map<string, AnyRule>();
useRules((name, rule) => {
  if (!rules.has(name)) rules.set(name, rule);
});

describePlugins("the laws on XLA", ({ name, path }) => {
  // Whether laws notice a fault hardly depends on the plugin: the second one tries some of each kind.
  const tried = mutants.filter((_, i) => name === "lammps" || i % 5 === 0);
  const engine = xla({ plugin: path, cacheFolder: false });

  test.each(tried)("notice %s (%#)", { timeout: 240_000 }, async (_fault, law, op, change) => {
    const defined = op as unknown as DefinedOp<never, never, { readonly [name: string]: number }, never>;
    const { emit, ...options } = rules.get(op.op.name)!;
    const given = <T extends object>(own: T, changes: object): T =>
      ({ ...own, ...Object.fromEntries(Object.entries(changes).filter(([name]) => name in own)) }) as T;
    const faulty: AnyRule["emit"] = (graph, inputs, data, fixed, program) => {
      const changes = change(graph, { ...inputs, ...data } as Values);
      return emit(graph, given(inputs, changes), given(data, changes), given(fixed, changes), program);
    };
    await engine.start();
    implementRule(defined, faulty as never, options);
    try {
      // Fixed cases, since those that fast-check draws it would shrink, for minutes.
      const cases = fc.constantFrom(...fc.sample(law.cases, { numRuns: 5, seed: 1 }));
      await expectMutantToFail(() => checkOp(tools, engine, { ...law, cases }));
    } finally {
      implementRule(defined, emit as never, options);
    }
  });
});
