import type { ElementType, Graph, Value } from "@kindred/stablehlo";
import { sameNumbers } from "./call-key.ts";
import { type FixedValues, keptFixed, saysTheSame } from "./fixed-values.ts";
import type { AnyRule } from "./implement-rule.ts";
import type { RunnablePass } from "./runnable-pass.ts";

/** A kernel that is recorded: a rule and the name by which tfjs calls it. */
export type RecordedKernel = Pick<AnyRule, "emit" | "operands"> & {
  readonly name: string;
  /** The fixed values that are no part of a call's identity: those of a device alone, and those that are operands. */
  readonly left: ReadonlySet<string>;
};

/** What a call gives: how it is handed out, and what the graph knows it by. */
type RecordedOutput = { readonly value: Value; readonly shape: number[]; readonly type: ElementType };

/**
 * A call that was recorded, after those before it: a state that a pass may be in. What was recorded after it, by passes that went on in
 * different ways, are its children.
 */
export type CallNode = {
  readonly parent: CallNode | undefined;
  /** How many calls there are before it. */
  readonly depth: number;
  /** What was called; undefined for the beginning of a pass, and for a cut. */
  readonly kernel: RecordedKernel | undefined;
  /** Which tensors and data went in, as `Pass` writes it down. */
  readonly key: readonly number[];
  readonly fixed: FixedValues;
  /** The graph up to here, and how long it was. Whoever finds it longer forks it. */
  readonly graph: Graph;
  readonly size: number;
  /** The number of its first output among the values of the pass. */
  readonly firstValue: number;
  readonly outputs: readonly RecordedOutput[];
  /** Whether it gives one tensor, and no list. */
  readonly single: boolean;
  /** The graph's parameters for operands that appear here for the first time. */
  readonly parameters: readonly Value[];
  readonly children: CallNode[];
  /** What passes that ended here ran. */
  readonly runnable: RunnablePass[];
};

/** The beginning of passes, in an empty graph. */
export function beginning(graph: Graph): CallNode {
  const nothing = { kernel: undefined, key: [], fixed: {}, outputs: [], single: false, parameters: [] };
  return {
    ...nothing,
    parent: undefined,
    depth: 0,
    graph,
    size: graph.size,
    firstValue: 0,
    children: [],
    runnable: [],
  };
}

/** What was recorded after `node` for just this call, if it was. */
export function childOf(
  node: CallNode,
  kernel: RecordedKernel | undefined,
  key: readonly number[],
  fixed: FixedValues,
): CallNode | undefined {
  for (const child of node.children) {
    if (child.kernel === kernel && sameNumbers(child.key, key) && saysTheSame(child.fixed, fixed, kernel?.left ?? none))
      return child;
  }
  return undefined;
}

const none: ReadonlySet<string> = new Set();

/** Adds what a call made of the graph. */
export function addChild(
  parent: CallNode,
  call: Pick<CallNode, "kernel" | "graph" | "outputs" | "single" | "parameters"> & {
    readonly key: readonly number[];
    readonly fixed: FixedValues;
  },
): CallNode {
  const child: CallNode = {
    ...call,
    key: [...call.key],
    fixed: keptFixed(call.fixed, call.kernel?.left ?? none),
    parent,
    depth: parent.depth + 1,
    size: call.graph.size,
    firstValue: parent.firstValue + parent.outputs.length,
    children: [],
    runnable: [],
  };
  parent.children.push(child);
  return child;
}

/** The calls from the beginning to a state, that one included. */
export function pathTo(node: CallNode): CallNode[] {
  const path: CallNode[] = [];
  for (let at: CallNode | undefined = node; at !== undefined; at = at.parent) path.push(at);
  return path.reverse();
}

/** The graph at a state, free to be gone on with: forked where others went on from there. */
export function graphAfter({ graph, size }: CallNode): Graph {
  return graph.size === size ? graph : graph.fork(size);
}
