import { ShapeError } from "@kindred/errors";
import type { PrivateFunction } from "./private-function.ts";
import type { TensorType, Value } from "./value.ts";

/** One line of a program: a value and how it is made. */
export type Node = Value & {
  /** What makes it: an operation's name, `parameter`, or `result` for one of the results of another node. */
  readonly op: string;
  /** The right-hand side, with `$0`, `$1`, … where the names of inputs go. All that tells one node from another but its inputs stands in it. */
  readonly line: string;
  readonly inputs: readonly Node[];
  /** The number of results, where it has several: each is then a node of its own, of op `result`. */
  readonly results?: number;
  /** Which result of its input it is. */
  readonly result?: number;
  /** What a `call` calls. */
  readonly callee?: PrivateFunction;
  /** How many replicas take part, in a collective. */
  readonly replicas?: number;
};

/** What of a node its maker says. */
export type Made = TensorType & Omit<Node, "id" | "inputs"> & { readonly inputs: readonly Value[] };

/**
 * Nodes in the order in which they were made, each once: a node with the same line and the same inputs as an earlier one
 * since the last cut is that one.
 */
export class Recording {
  #nodes: Node[] = [];
  #keys: string[] = [];
  #known = new Map<string, Node>();
  /** Where common-subexpression elimination started anew: numbers of nodes, ascending. */
  #cuts: number[] = [0];

  /** How many nodes were recorded so far. `fork(size)` goes back to here. */
  get size(): number {
    return this.#nodes.length;
  }

  /** What comes after is not merged with what was before: common-subexpression elimination starts anew. */
  cut(): void {
    if (this.#lastCut() === this.size) return;
    this.#cuts.push(this.size);
    this.#known = new Map();
  }

  /**
   * The node behind a value.
   *
   * @internal
   * @throws ShapeError if it is of another graph
   */
  protected node(op: string, value: Value): Node {
    const node = this.#nodes[value.id];
    if (node === value) return node;
    throw new ShapeError(
      `${op}: value ${value.id} is not of this graph, which has ${this.size}. Use values of one graph, or of the graph that it was forked from up to the fork.`,
      { op, id: value.id, size: this.size },
    );
  }

  /** @internal The node that is made so: a known one or a new one. */
  protected record(made: Made): Node {
    const inputs = made.inputs.map((value) => this.node(made.op, value));
    const key = `${inputs.map(({ id }) => id).join()} ${made.result ?? ""} ${made.line} ${made.callee?.hash ?? ""}`;
    const known = this.#known.get(key);
    if (known) return known;
    const node = { ...made, inputs, id: this.size };
    this.#nodes.push(node);
    this.#keys.push(key);
    this.#known.set(key, node);
    return node;
  }

  /** @internal Whether a node was recorded since the last cut. */
  protected isRecent({ id }: Value): boolean {
    return id >= this.#lastCut();
  }

  /** @internal Takes over the first `size` nodes of another recording, and its cuts up to there. */
  protected begin(other: Recording, size: number): void {
    this.#nodes = other.#nodes.slice(0, size);
    this.#keys = other.#keys.slice(0, size);
    this.#cuts = other.#cuts.filter((at) => at <= size);
    this.#known = new Map();
    for (const node of this.#nodes.slice(this.#lastCut())) {
      const key = this.#keys[node.id];
      if (key !== undefined) this.#known.set(key, node);
    }
  }

  #lastCut(): number {
    return this.#cuts.at(-1) ?? 0;
  }
}
