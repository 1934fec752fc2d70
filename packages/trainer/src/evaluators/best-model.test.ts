import { ConfigError } from "@kindred/errors";
import { expectMutantToFail } from "@kindred/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { followedMetric, judgedBy, standingOf, trainConfig } from "../index.ts";

const rows = Array.from({ length: 3 }, (_, i) => ({ texts: [`q ${i}`, `a ${i}`], place: { file: "x" } }));
const one = judgedBy({ name: "dev", rows });
const two = [...one, ...judgedBy({ name: "other", rows })];

describe("the metric that is followed", () => {
  test("is the one that is named, else the mean of several tasks, else the only task's first", () => {
    const metric = (given: { readonly [name: string]: unknown }, tasks = one) =>
      followedMetric(trainConfig(given), tasks)?.metric;
    expect(metric({})).toBe(undefined);
    expect(metric({ loadBestModelAtEnd: true })).toBe("dev_mrr@10");
    expect(metric({ earlyStoppingPatience: 3 }, two)).toBe("mean_mrr@10");
    expect(metric({ metricForBestModel: "other_recall@10" }, two)).toBe("other_recall@10");
  });

  test("is refused where no evaluation will have it, with those that they will", () => {
    const config = trainConfig({ metricForBestModel: "dev_mrr@1" });
    expect(() => followedMetric(config, one)).toThrow(ConfigError);
    expect(() => followedMetric(config, one)).toThrow(
      "Got dev_mrr@1, expected one of dev_mrr@10, dev_accuracy@1, dev_recall@10, dev_ndcg@10. Did you mean dev_mrr@10?",
    );
    expect(() => followedMetric(config, [])).toThrow(/nothing is evaluated.*--hold-out/);
  });

  test.each([
    [
      { loadBestModelAtEnd: true, evalSteps: 100, saveSteps: 150 },
      "Save every 50 steps (--save-steps), or evaluate every 150 (--eval-steps)",
    ],
    [{ loadBestModelAtEnd: true, evalSteps: 100, saveSteps: 0 }, "a checkpoint never"],
    [{ metricForBestModel: "x", evalSteps: 0 }, "Got evalSteps 0"],
    [{ earlyStoppingThreshold: 0.1 }, "--early-stopping-patience"],
    [{ greaterIsBetter: false }, "no metric is followed"],
  ])("options that choose none are refused: %j", (given, message) => {
    expect(() => trainConfig(given)).toThrow(ConfigError);
    expect(() => trainConfig(given)).toThrow(message);
  });

  test("checkpoints more often than evaluations are right", () => {
    expect(trainConfig({ loadBestModelAtEnd: true, evalSteps: 100, saveSteps: 50 }).saveSteps).toBe(50);
  });
});

const values = fc.array(fc.oneof(fc.integer({ min: 0, max: 6 }), fc.constant(Number.NaN)), { maxLength: 12 });
const follow = (greaterIsBetter: boolean, threshold: number) => ({ metric: "m", greaterIsBetter, threshold });
const evaluations = (all: readonly number[]) => all.map((m, i) => ({ step: 5 * (i + 1), metrics: { m } }));

describe("where a run stands", () => {
  test("the best is the first of the best values, and nothing before step 0 counts", () => {
    fc.assert(
      fc.property(values, fc.boolean(), (all, greaterIsBetter) => {
        const numbers = all.filter((value) => !Number.isNaN(value));
        const most = greaterIsBetter ? Math.max(...numbers) : Math.min(...numbers);
        const expected = numbers.length === 0 ? undefined : { step: 5 * (all.indexOf(most) + 1), value: most };
        const before = { step: 0, metrics: { m: greaterIsBetter ? 99 : -99 } };
        const expectIs = (got: ReturnType<typeof standingOf>) => expect(got.best).toEqual(expected);
        expectIs(standingOf([before, ...evaluations(all)], follow(greaterIsBetter, 0)));
        if (expected !== undefined)
          expectMutantToFail(() =>
            expectIs(standingOf([{ ...before, step: 1 }, ...evaluations(all)], follow(greaterIsBetter, 0))),
          );
      }),
    );
  });

  test("waits as transformers' EarlyStoppingCallback counts: gains over the best so far by more than the threshold", () => {
    fc.assert(
      fc.property(values, fc.boolean(), fc.integer({ min: 0, max: 2 }), (all, greaterIsBetter, threshold) => {
        // Its rule, written anew: the best is taken after the callback has looked.
        let best: number | undefined;
        let counter = 0;
        for (const value of all) {
          const isBetter = best !== undefined && (greaterIsBetter ? value > best : value < best);
          const isGain = best === undefined ? !Number.isNaN(value) : isBetter && Math.abs(value - best) > threshold;
          counter = isGain ? 0 : counter + 1;
          if ((best === undefined && !Number.isNaN(value)) || isBetter) best = value;
        }
        expect(standingOf(evaluations(all), follow(greaterIsBetter, threshold)).waited).toBe(counter);
      }),
    );
  });

  test("evaluations in two parts, before and after a resume, stand as in one", () => {
    const all = evaluations([1, 4, 2, 4, 3]);
    const kept = JSON.parse(JSON.stringify(all.slice(0, 3))) as typeof all;
    expect(standingOf([...kept, ...all.slice(3)], follow(true, 0))).toEqual(standingOf(all, follow(true, 0)));
    expect(standingOf(all, follow(true, 0))).toEqual({ best: { step: 10, value: 4 }, waited: 3 });
  });
});
