import * as nn from "@kindred/nn";
import { cpu, valueAndGradients } from "@kindred/tensor";
import { type AnyOpLaw, checkOp, describePlugins, type OpTools } from "@kindred/testing";
import * as sharding from "@kindred/tpu-sharding";
import { expect, test } from "vitest";
import { adamwLaws } from "../../../nn/test-support/adamw-laws.ts";
import { attentionLaws } from "../../../nn/test-support/attention-laws.ts";
import { formLaws } from "../../../nn/test-support/form-laws.ts";
import { opLawList } from "../../../nn/test-support/op-laws.ts";
import { useRules } from "../implement-rule.ts";
import { xla } from "../xla.ts";
import { implementRules } from "./implement-rules.ts";

const tools: OpTools = { reference: cpu(), valueAndGradients };
const laws: AnyOpLaw[] = [...opLawList, ...attentionLaws, ...adamwLaws];

// The laws of `nn` itself: value and gradient are the float64 reference's, and the composite's on tfjs's cpu backend. Each call of a law is other
// shapes and so compiled anew: fewer calls than elsewhere, and fewest on the second plugin.
describePlugins("on XLA", ({ name, path }) => {
  const engine = xla({ plugin: path, cacheFolder: false });
  const runs = name === "lammps" ? 3 : 1;

  test.each(laws)("$op.op.name obeys the op's law", { timeout: 240_000 }, async (law) => {
    await checkOp(tools, engine, { ...law, runs: Math.min(law.runs ?? runs, runs) });
  });

  formLaws(() => engine.start(), { runs: Math.min(runs, 2) });
});

test("every op of nn, and every collective, has a rule", () => {
  implementRules();
  const ruled = new Set<string>();
  useRules((name) => ruled.add(name));
  const ops = Object.entries({ ...nn, ...sharding }).filter(([name]) => name.endsWith("Op"));
  const names = ops.map(([, op]) => (op as typeof nn.addOp).op.name);
  expect(names.filter((name) => !ruled.has(name))).toEqual([]);
  expect([...ruled].filter((name) => !names.includes(name))).toEqual([]);
});
