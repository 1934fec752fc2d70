import { bodyText, neededNodes } from "./body-text.ts";
import { contentHash } from "./content-hash.ts";
import type { PrivateFunction } from "./private-function.ts";
import type { Node } from "./recording.ts";
import { refuse } from "./refuse.ts";
import { sameShape, type TensorType, type Value } from "./value.ts";

/** A program as text, and what goes into it and comes out. */
export type Program = {
  /** The StableHLO module. The same recording gives the same text, on every machine. */
  readonly text: string;
  /** The values that it takes, in the order of its arguments: those that the outputs need, and those that are donated. */
  readonly parameters: readonly Value[];
  /** What it gives, in order. */
  readonly outputs: readonly TensorType[];
  /** The numbers of the arguments that running it uses up: their memory becomes an output's. */
  readonly donated: readonly number[];
  /** How many replicas run it together. */
  readonly replicas: number;
  /** The SHA-256 of the text, in hexadecimal. */
  readonly hash: string;
};

/** What a program takes as given, and how it runs. */
export type ProgramOptions<Of extends Value = Value> = {
  /** Values that it takes instead of making them, so that it is a piece of what was recorded. The graph's own parameters always are. */
  readonly parameters?: readonly Of[];
  /** How many replicas run it together: as many as its collectives say; 1 unless given. */
  readonly replicas?: number;
  /** By number of output, the parameter of the same shape and type whose memory it takes. */
  readonly donated?: ReadonlyMap<number, Of>;
};

/** The program that gives `outputs`, from nodes of one graph. */
export function printProgram(outputs: readonly Node[], options: ProgramOptions<Node> = {}): Program {
  const { replicas = 1, donated = new Map<number, Node>() } = options;
  const given = new Set(options.parameters);
  const parameters = usedParameters([...outputs, ...donated.values()], given);
  const taken = new Set(parameters);
  const made = neededNodes(outputs, taken).filter((node) => !taken.has(node));
  const functions = nameFunctions(made);
  for (const { op, replicas: its } of [...made, ...[...functions.keys()].flatMap(ownNodes)])
    if (its !== undefined && its !== replicas)
      refuse("program", `its ${op} is for another number of replicas`, { [op]: its, replicas }, "one number");
  const symbol = (called: PrivateFunction): string => symbols.get(called.hash) ?? "";
  const symbols = new Map([...functions].map(([{ hash }, name]) => [hash, name]));
  const aliases = aliasesOf(outputs, donated, taken);
  const text = [
    `module @kindred attributes {mhlo.num_replicas = ${replicas} : i32, mhlo.num_partitions = 1 : i32} {\n`,
    bodyText({ head: "public @main", parameters, outputs, aliases, symbol }),
    ...[...functions].map(([called, name]) => bodyText({ ...called, head: `private @${name}`, symbol })),
    "}\n",
  ].join("");
  return {
    text,
    parameters,
    outputs: outputs.map(({ shape, type }) => ({ shape, type })),
    donated: parameters.flatMap((node, i) => (aliases.has(node) ? [i] : [])),
    replicas,
    hash: contentHash(text),
  };
}

/**
 * What a program takes, in the order of first use and not of recording: two pieces that were recorded alike have one
 * text, whatever was recorded between their parameters.
 */
function usedParameters(outputs: readonly Node[], given: ReadonlySet<Node>): Node[] {
  const isParameter = (node: Node) => node.op === "parameter" || given.has(node);
  const makers = neededNodes(outputs, given).filter((node) => !isParameter(node));
  return [...new Set([...makers.flatMap(({ inputs }) => inputs), ...outputs].filter(isParameter))];
}

/** By donated parameter, the number of the output that takes its memory. */
function aliasesOf(
  outputs: readonly Node[],
  donated: ReadonlyMap<number, Node>,
  taken: ReadonlySet<Node>,
): Map<Node, number> {
  const aliases = new Map<Node, number>();
  for (const [number, parameter] of donated) {
    const output = outputs[number];
    if (!output || output.type !== parameter.type || !sameShape(output.shape, parameter.shape))
      refuse(
        "program",
        `output ${number} can't take a parameter's memory`,
        { parameter, output: output ?? "none" },
        "the same shape and type",
      );
    if (!taken.has(parameter))
      refuse("program", "what is donated is no parameter", { donated: parameter }, "one of the parameters");
    if (aliases.has(parameter))
      refuse(
        "program",
        "a parameter is donated twice",
        { parameter, outputs: [aliases.get(parameter) ?? 0, number] },
        "one output",
      );
    aliases.set(parameter, number);
  }
  return aliases;
}

/** The functions that nodes call and that these call, each once, with a name that no other has, in the order of calling. */
function nameFunctions(nodes: readonly Node[]): Map<PrivateFunction, string> {
  const functions = new Map<PrivateFunction, string>();
  const hashes = new Set<string>();
  const names = new Set(["main"]);
  const visit = (list: readonly Node[]) => {
    for (const { callee } of list) {
      if (!callee || hashes.has(callee.hash)) continue;
      hashes.add(callee.hash);
      const name = callee.name.replace(/[^A-Za-z0-9_]/g, "_").replace(/^(?=\d|$)/, "_");
      let free = name;
      for (let i = 1; names.has(free); i++) free = `${name}_${i}`;
      names.add(free);
      functions.set(callee, free);
      visit(ownNodes(callee));
    }
  };
  visit(nodes);
  return functions;
}

function ownNodes({ parameters, outputs }: PrivateFunction): Node[] {
  return neededNodes(outputs, new Set(parameters));
}
