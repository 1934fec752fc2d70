import type { Executable } from "@kindred/pjrt";
import type { Value } from "@kindred/stablehlo";
import { type CallNode, pathTo } from "./call-trie.ts";
import type { Compiler } from "./compiler.ts";
import { cutIntoPieces, type Piece } from "./pieces.ts";

/**
 * What is run where passes end: one program, or several where a pass was cut. What goes in and comes out has numbers: the pass's operands, then
 * its results, then what one program leaves to another.
 */
export type RunnablePass = {
  /** The values that are wanted: those whose tensors live on. */
  readonly results: readonly number[];
  /** The operands whose memory may be taken: their tensors were disposed. */
  readonly donors: readonly number[];
  readonly programs: readonly RunnableProgram[];
};

type RunnableProgram = {
  readonly executable: Executable;
  readonly takes: readonly number[];
  readonly gives: readonly number[];
  /** What programs left to each other and none takes any more. */
  readonly frees: readonly number[];
};

/** Makes what gives `results` at the end of a pass that came to `end`. */
export function runnablePass(
  end: CallNode,
  { results, donors }: Pick<RunnablePass, "results" | "donors">,
  compiler: Compiler,
  reason: string,
): RunnablePass {
  const path = pathTo(end);
  const values = path.flatMap(({ outputs }) => outputs.map(({ value }) => value));
  const operands = path.flatMap(({ parameters }) => parameters);
  const wanted = new Map(results.map((number, i) => [operands.length + i, at(values, number)]));
  const cuts = path.flatMap(({ kernel, depth, size }) => (kernel === undefined && depth > 0 ? [size] : []));
  const pieces = cutIntoPieces(end.graph, wanted, cuts, operands.length + results.length);
  const numberOf = new Map(operands.map((value, i) => [value, i]));
  for (const { value, number } of pieces.flatMap(({ outputs }) => outputs))
    if (!numberOf.has(value)) numberOf.set(value, number);
  const { replicas } = compiler;
  const print = ({ outputs, given }: Piece, donated?: ReadonlyMap<number, Value>) =>
    end.graph.program(
      outputs.map(({ value }) => value),
      { parameters: given, replicas, ...(donated && { donated }) },
    );
  const taken = pieces.map((piece) => print(piece).parameters);
  const lastUse = new Map(taken.flatMap((parameters, i) => parameters.map((value) => [value, i])));
  const firstCrossing = operands.length + results.length;
  const programs = pieces.map((piece, i) => {
    const last = (taken[i] ?? []).filter((value) => lastUse.get(value) === i);
    const crossing = last.filter((value) => (numberOf.get(value) ?? 0) >= firstCrossing);
    const free = [...donors.map((number) => at(operands, number)).filter((value) => last.includes(value)), ...crossing];
    const program = print(piece, donations(piece, free));
    const numbers = (list: readonly Value[]) => list.map((value) => numberOf.get(value) ?? -1); // each has one
    return {
      executable: compiler.executable(program, reason),
      takes: numbers(program.parameters),
      gives: piece.outputs.map(({ number }) => number),
      frees: numbers(crossing),
    };
  });
  return { results, donors, programs };
}

/**
 * Which output takes which value's memory: of those of one shape and type, the first the first's. Tensors that are disposed in the order in
 * which others took their places keep their memory so.
 */
function donations({ outputs }: Piece, free: readonly Value[]): ReadonlyMap<number, Value> {
  const typeOf = ({ shape, type }: Value) => `${type} ${shape}`;
  const waiting = new Map<string, Value[]>();
  for (const value of free) waiting.set(typeOf(value), [...(waiting.get(typeOf(value)) ?? []), value]);
  return new Map(
    outputs.flatMap(({ value }, i) => {
      const taken = waiting.get(typeOf(value))?.shift();
      return taken === undefined ? [] : [[i, taken] as const];
    }),
  );
}

function at(values: readonly Value[], number: number): Value {
  const value = values[number];
  if (value === undefined) throw new Error(`There is no value ${number} of ${values.length}.`);
  return value;
}
