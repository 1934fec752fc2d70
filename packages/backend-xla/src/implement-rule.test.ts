import { reluOp } from "@kindred/nn";
import { expect, test } from "vitest";
import { type AnyRule, implementRule, useRules } from "./implement-rule.ts";
import { implementRules } from "./rules/implement-rules.ts";

test("a user's rule stays when an engine brings its own after it", () => {
  const rules = new Map<string, AnyRule>();
  const end = useRules((name, rule) => rules.set(name, rule));
  implementRule(reluOp, (graph, { x }) => graph.unary("negate", x));
  const own = rules.get(reluOp.op.name);
  expect(own).toBeDefined();
  implementRules();
  expect(rules.get(reluOp.op.name)).toBe(own);
  expect(rules.size).toBeGreaterThan(20); // the others came
  end();
  implementRule(reluOp, (_, { x }) => x);
  expect(rules.get(reluOp.op.name)).toBe(own); // nobody is told any more
});
