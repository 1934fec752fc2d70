import { adamwNumber, adamwOp } from "@kindred/nn";
import type { Value } from "@kindred/stablehlo";
import { implementRule } from "../implement-rule.ts";

/** A parameter's step of AdamW. What changes with the step is an operand: the next step is the same program. */
export function implementAdamw(): void {
  implementRule(adamwOp, (graph, inputs, _, { beta1, beta2, decays }) => {
    const { parameter, gradient, first, second, numbers, clip } = inputs;
    const given = [parameter, gradient, first, second, numbers, clip] as const;
    return graph.call("adamw", given, (f, parameter, gradient, first, second, numbers, clip) => {
      const number = (at: number) => f.reshape(f.slice(numbers, [at], [1]), []);
      const moved = (mean: Value, x: Value, share: number) =>
        f.binary("add", mean, f.binary("multiply", f.binary("subtract", x, mean), share));
      const g = f.binary("multiply", gradient, f.reshape(clip, []));
      const m = moved(first, g, 1 - beta1);
      const v = moved(second, f.binary("multiply", g, g), 1 - beta2);
      const factor = number(decays ? adamwNumber.decayedFactor : adamwNumber.factor);
      const root = f.binary("add", f.unary("sqrt", v), number(adamwNumber.epsilon));
      const step = f.binary("divide", f.binary("multiply", m, factor), root);
      const kept = decays ? f.binary("multiply", parameter, number(adamwNumber.kept)) : parameter;
      const moves = f.unary("is_finite", g);
      return [
        f.select(moves, f.binary("add", kept, step), parameter),
        f.select(moves, m, first),
        f.select(moves, v, second),
      ];
    });
  });
}
