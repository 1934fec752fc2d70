import { Arrangement, combiner } from "./arrangement.ts";
import { expectAxes, withLength, withoutAxes } from "./axes.ts";
import { expectType } from "./elementwise.ts";
import { privateFunction } from "./private-function.ts";
import { type DotOptions, dotLine } from "./products.ts";
import { type Program, type ProgramOptions, printProgram } from "./program.ts";
import type { Node } from "./recording.ts";
import { type Reduction, reductionStart, reductionTypes } from "./reductions.ts";
import { refuse } from "./refuse.ts";
import { listText, type TensorType, typeText, type Value } from "./value.ts";

/** How many replicas a collective joins: all that run the program, in the order of their numbers. */
export type Replicas = { readonly replicas: number };

/**
 * A program in the making: each method records one operation, checks its inputs and gives its result; `program` prints
 * what some results need as StableHLO text.
 *
 * Recording an operation again gives the value of the first time. What is refused is refused here, with a
 * {@link @kindred/errors!ShapeError} that names the operation, and not by a compiler later.
 *
 * @see OpenXLA, "StableHLO specification", for what each operation means
 *
 * @example
 * ```ts
 * import { Graph } from "@kindred/stablehlo";
 *
 * const graph = new Graph();
 * const x = graph.parameter([2, 3]);
 * const weight = graph.parameter([4, 3]);
 * const y = graph.binary("add", graph.dot(x, weight, { contract: [[1], [1]] }), 1);
 * y.shape; // => [2, 4]
 * const { text, parameters } = graph.program([y]);
 * parameters.length; // => 2
 * text.split("\n")[2]?.trim(); // => "%0 = stablehlo.dot_general %a0, %a1, contracting_dims = [1] x [1], precision = [HIGHEST, HIGHEST] : (tensor<2x3xf32>, tensor<4x3xf32>) -> tensor<2x4xf32>"
 * ```
 */
export class Graph extends Arrangement {
  /**
   * The product of two tensors of one type, summed over the contracted axes: axes of the batch, then x's own, then y's. Factors of
   * f32 are multiplied as they are: by default TPUs and GPUs would round them.
   *
   * @throws ShapeError if axes that belong together differ in length
   */
  dot(x: Value, y: Value, options: DotOptions): Value {
    return this.record({ op: "dot_general", inputs: [x, y], ...dotLine(x, y, options) });
  }

  /** All elements along some axes as one: their sum, product, largest, smallest, or whether all or any of them is true. */
  reduce(kind: Reduction, x: Value, axes: readonly number[]): Value {
    expectAxes("reduce", x, axes);
    expectType(`reduce ${kind}`, x, reductionTypes[kind]);
    if (axes.length === 0) return x;
    const start = this.constant(reductionStart(kind, x.type), x.type);
    const out = { shape: withoutAxes(x.shape, axes), type: x.type };
    const types = `(${typeText(x)}, ${typeText(start)}) -> ${typeText(out)}`;
    const line = `stablehlo.reduce($0 init: $1) applies stablehlo.${kind} across dimensions = ${listText(axes)} : ${types}`;
    return this.record({ op: "reduce", line, inputs: [x, start], ...out });
  }

  /**
   * What `build` records from `inputs`, as a function of the program: however often it is called with the same body it is
   * printed once. `build` records on the graph that it is given and uses no other values.
   *
   * @param name what programs call it; two different bodies may have one name
   */
  call<const Inputs extends readonly Value[], Results extends Value | readonly Value[] | []>(
    name: string,
    inputs: Inputs,
    build: (graph: Graph, ...inputs: { [I in keyof Inputs]: Value }) => Results,
  ): Results {
    const body = new Graph();
    const parameters = inputs.map(({ shape, type }) => body.parameter(shape, type));
    // One parameter for each input, in their order: as many as `build` takes.
    const built = build(body, ...(parameters as { [I in keyof Inputs]: Value }));
    const outputs = (Array.isArray(built) ? (built as readonly Value[]) : [built as Value]).map((value) =>
      body.node(name, value),
    );
    const callee = privateFunction(
      name,
      parameters.map((value) => body.node(name, value)),
      outputs,
    );
    const line = `call @$f(${inputs.map((_, i) => `$${i}`).join(", ")})`;
    const results = this.#several({ op: "call", line, inputs, callee }, outputs);
    // As many and of the same types as what `build` gave.
    return (Array.isArray(built) ? results : results[0]) as Results;
  }

  /**
   * The same values, none of which is made before all of them are: a compiler moves nothing across. With it, what comes
   * after is computed anew instead of being kept from before.
   */
  barrier<const Values extends readonly Value[]>(values: Values): { [I in keyof Values]: Value } {
    const line = `stablehlo.optimization_barrier ${values.map((_, i) => `$${i}`).join(", ")}`;
    // One result for each value, in their order.
    return this.#several({ op: "optimization_barrier", line, inputs: values }, values) as {
      [I in keyof Values]: Value;
    };
  }

  /** The sum (or the largest or smallest) over the replicas, element by element, on each of them. */
  allReduce(x: Value, { replicas, kind = "add" }: Replicas & { readonly kind?: "add" | "maximum" | "minimum" }): Value {
    expectType("allReduce", x, ["f32", "bf16", "i32", "ui32"]);
    const groups = replicaGroups("allReduce", replicas);
    const line = `"stablehlo.all_reduce"($0) <{${groups}}> ${combiner(kind, x)} : (${typeText(x)}) -> ${typeText(x)}`;
    return this.record({ op: "all_reduce", line, inputs: [x], shape: x.shape, type: x.type, replicas });
  }

  /** Every replica's `x` end to end along the first axis, in the order of their numbers, on each of them. */
  allGather(x: Value, { replicas }: Replicas): Value {
    const groups = replicaGroups("allGather", replicas);
    const [rows] = x.shape;
    if (rows === undefined) return refuse("allGather", "a scalar has no rows", { x }, "at least one axis");
    const out = { shape: withLength(x.shape, 0, rows * replicas), type: x.type };
    const line = `"stablehlo.all_gather"($0) <{all_gather_dim = 0 : i64, ${groups}}> : (${typeText(x)}) -> ${typeText(out)}`;
    return this.record({ op: "all_gather", line, inputs: [x], ...out, replicas });
  }

  /** The sum over the replicas, cut along the first axis: replica i has its i-th part. */
  reduceScatter(x: Value, { replicas }: Replicas): Value {
    expectType("reduceScatter", x, ["f32", "bf16", "i32", "ui32"]);
    const groups = replicaGroups("reduceScatter", replicas);
    const [rows] = x.shape;
    if (rows === undefined || rows % replicas !== 0)
      return refuse("reduceScatter", "the rows do not divide", { x, replicas }, "a multiple of the replicas");
    const out = { shape: withLength(x.shape, 0, rows / replicas), type: x.type };
    const line = `"stablehlo.reduce_scatter"($0) <{${groups}, scatter_dimension = 0 : i64}> ${combiner("add", x)} : (${typeText(x)}) -> ${typeText(out)}`;
    return this.record({ op: "reduce_scatter", line, inputs: [x], ...out, replicas });
  }

  /** The number of the replica that runs this, a ui32 scalar. */
  replicaId(): Value {
    const out = { shape: [], type: "ui32" } as const;
    return this.record({ op: "replica_id", line: `stablehlo.replica_id : ${typeText(out)}`, inputs: [], ...out });
  }

  /**
   * A graph that begins with the first `size` nodes of this one: their values are values of both. What is recorded on one
   * afterwards is not on the other.
   */
  fork(size: number = this.size): Graph {
    if (!Number.isInteger(size) || size < 0 || size > this.size)
      refuse("fork", "not so many nodes", { size }, `a whole number from 0 to ${this.size}`);
    const fork = new Graph();
    fork.begin(this, size);
    return fork;
  }

  /**
   * What a program of `outputs` takes of the first `size` nodes, if it is made of those after them: values to be its `parameters`. The graph's own
   * parameters are not among them, nor constants, which the program makes itself.
   */
  earlier(outputs: readonly Value[], size: number): Value[] {
    const taken = new Set<Node>();
    const seen = new Set<Node>();
    const open = outputs.map((value) => this.node("earlier", value));
    for (let node = open.pop(); node; node = open.pop()) {
      if (seen.has(node)) continue;
      seen.add(node);
      if (node.op === "parameter") continue;
      if (node.id < size && !isConstant(node)) taken.add(node);
      else open.push(...node.inputs);
    }
    return [...taken];
  }

  /**
   * The program that gives `outputs`: what they need and nothing else.
   *
   * @throws ShapeError if a value is of another graph, a donated parameter does not fit its output, or collectives are for
   * another number of replicas
   */
  program(
    outputs: readonly Value[],
    { parameters = [], donated = new Map(), replicas = 1 }: ProgramOptions = {},
  ): Program {
    const own = (value: Value): Node => this.node("program", value);
    return printProgram(outputs.map(own), {
      parameters: parameters.map(own),
      donated: new Map([...donated].map(([output, parameter]) => [output, own(parameter)])),
      replicas,
    });
  }

  /** A node with several results, and a node for each of them. */
  #several(
    made: Omit<Node, "id" | "inputs" | "shape" | "type"> & { readonly inputs: readonly Value[] },
    results: readonly TensorType[],
  ): Value[] {
    const [first] = results;
    if (!first) return refuse(made.op, "no results", { results: 0 }, "at least one");
    const types = results.map(typeText).join(", ");
    const inputTypes = made.inputs.map(typeText).join(", ");
    const line = made.op === "call" ? `${made.line} : (${inputTypes}) -> (${types})` : `${made.line} : ${types}`;
    const { shape, type } = first;
    const all = this.record({ ...made, line, results: results.length, shape, type });
    return results.map(({ shape, type }, result) =>
      this.record({ op: "result", line: "", result, inputs: [all], shape, type }),
    );
  }
}

/** Whether a node needs nothing and costs next to nothing: numbers, counted or repeated. */
function isConstant({ op, inputs }: Node): boolean {
  if (inputs.length === 0) return op !== "parameter";
  return ["broadcast_in_dim", "reshape", "convert"].includes(op) && inputs.every(isConstant);
}

function replicaGroups(op: string, replicas: number): string {
  if (!Number.isInteger(replicas) || replicas < 1)
    refuse(op, "no such number of replicas", { replicas }, "a whole number from 1 on");
  const group = listText(Array.from({ length: replicas }, (_, i) => i));
  return `replica_groups = dense<[${group}]> : tensor<1x${replicas}xi64>`;
}
