import { type Client, openPlugin } from "@kindred/pjrt";
import { describePlugins } from "@kindred/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { at, type OpCase, type Plain, plain, sum } from "../test-support/op-case.ts";
import { allOpCases } from "../test-support/op-cases.ts";
import { runProgram } from "../test-support/run-program.ts";
import { Graph } from "./index.ts";

const REPLICAS = 4;

describePlugins("the operations of a graph, compiled and run", ({ path }) => {
  let client: Client;
  beforeAll(async () => {
    client = (await openPlugin(path)).client({ devices: REPLICAS });
  });
  afterAll(() => client.close());

  test.each(allOpCases)("$name", (given) => {
    expect(run(client, given)).toBeCloseToArray(given.expected.values, given);
  });

  test("that comparison would notice a sum over the wrong axis, and a zero for a row that is not there", () => {
    expect(run(client, { ...row, build: (graph, x) => graph.reduce("add", x, [1]) })).toBeCloseToArray([3, 12]);
    expect(run(client, { ...row, build: (graph, x) => graph.reduce("add", x, [0]) })).not.toBeCloseToArray([3, 12]);
  });

  test("collectives join all replicas, in the order of their numbers", () => {
    const graph = new Graph();
    const x = graph.parameter([REPLICAS, 2]);
    const all = { replicas: REPLICAS };
    const outputs = [
      graph.allReduce(x, all),
      graph.allReduce(x, { ...all, kind: "maximum" }),
      graph.allGather(x, all),
      graph.reduceScatter(x, all),
      graph.convert(graph.replicaId(), "i32"),
    ];
    const shares = Array.from({ length: REPLICAS }, (_, r) => plain([REPLICAS, 2], (i, j) => 10 * r + i - j));
    const over = (f: (share: Plain) => number) => sum(REPLICAS, (r) => f(shares[r] as Plain)); // one share a replica
    const results = runProgram(
      client,
      graph.program(outputs, all),
      shares.map((share) => new Map([[x, share]])),
    );
    results.forEach((result, r) => {
      expect(result).toEqual([
        plain([REPLICAS, 2], (i, j) => over((share) => at(share, i, j))).values,
        shares.at(-1)?.values,
        shares.flatMap(({ values }) => values),
        plain([1, 2], (_, j) => over((share) => at(share, r, j))).values,
        [r],
      ]);
    });
  });

  test("a donated parameter's memory is the output's", () => {
    const graph = new Graph();
    const [weight, step] = [graph.parameter([64]), graph.parameter([64])];
    const program = graph.program([graph.binary("subtract", weight, step)], { donated: new Map([[0, weight]]) });
    const executable = client.compile(program);
    expect(executable.memory()).toMatchObject({ outputs: 256, aliased: 256 });
    expect(executable.parameters.map(({ donated }) => donated)).toEqual([true, false]);
    expect(program.donated).toEqual([0]);
    executable.dispose();
  });
});

const row: Omit<OpCase, "build"> = {
  name: "rows",
  inputs: [plain([2, 3], (i, j) => 3 * i + j)],
  line: "",
  expected: plain([2], () => 0),
};

function run(client: Client, { inputs, build }: OpCase): number[] {
  const graph = new Graph();
  const values = inputs.map(({ shape, type }) => graph.parameter(shape, type));
  const given = new Map(inputs.flatMap((input, i) => (values[i] ? [[values[i], input] as const] : [])));
  const [[result = []] = []] = runProgram(client, graph.program([build(graph, ...values)]), [given]);
  return result;
}
