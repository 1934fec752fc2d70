import { ConfigError } from "@kindred/errors";
import type { DeviceBuffer } from "@kindred/pjrt";
import type { ElementType, Value } from "@kindred/stablehlo";
import type { HostArray } from "@kindred/tensor";
import type * as tf from "@tensorflow/tfjs-core";
import { describedKey, describedNode } from "./call-key.ts";
import { addChild, type CallNode, childOf, graphAfter, pathTo } from "./call-trie.ts";
import { type DescribedCall, difference, reasonFor } from "./differences.ts";
import { keptFixed } from "./fixed-values.ts";
import { type Held, tensorTypeOf } from "./held.ts";
import type { RuleProgram } from "./implement-rule.ts";
import { type Call, isOne, type Operand, Operands, specOf } from "./operands.ts";

/** What a pass needs of the engine that it is recorded for. */
export type PassContext = {
  /** What a tensor holds. */
  readonly heldOf: (tensor: tf.TensorInfo) => Held;
  /** What a new tensor holds: nothing yet. */
  readonly hold: (shape: readonly number[], type: ElementType) => Held;
  readonly program: RuleProgram;
  /** Why nothing is recorded, where nothing is. */
  readonly nothing: string;
};

/** So many elements are read on the host without asking a device. */
const smallSize = 1024;

/**
 * The calls between two runs of programs, on one device.
 *
 * Each call is looked up among those that were recorded after the same calls before. A known one hands out what it gave then, and its rule does
 * not run; an unknown one is recorded. Data and tensors from outside become operands, numbered as they appear: who comes to the same state
 * by the same calls has the same operands in the same order, and the program that was made for that state is right for them.
 */
export class Pass {
  readonly device: number;
  /** The state: the last call. */
  node: CallNode;
  /** All that calls of this pass gave. */
  readonly made: Held[] = [];
  /** Operands whose tensors were disposed in this pass, in that order: what they hold is needed until it has run. */
  readonly disposed: Held[] = [];
  /** Why there is no program for what it calls: the first call that was not known. */
  reason: string | undefined;
  /** How many calls it found unknown, and recorded. */
  traced = 0;
  /** Whether it has run, or never will. */
  over = false;
  readonly #context: PassContext;
  /** The calls of a pass that this one must repeat, being run together with it. */
  readonly #like: readonly CallNode[] | undefined;
  readonly #operands: Operands;
  readonly #key: number[] = [];
  /** The graph's values and parameters for what was handed out, as far as a rule has asked for them. */
  #values: Value[] = [];
  #parameters: Value[] = [];
  #known = 0;

  constructor(
    context: PassContext,
    from: CallNode,
    { device = 0, like }: { readonly device?: number; readonly like?: Pass } = {},
  ) {
    this.#context = context;
    this.#operands = new Operands(this, context.heldOf);
    this.device = device;
    this.node = from;
    this.#like = like && pathTo(like.node);
  }

  /** What it takes from outside. */
  get operands(): readonly Operand[] {
    return this.#operands.list;
  }

  /** Records a call, or finds it recorded, and gives its results. */
  call(call: Call): tf.TensorInfo | tf.TensorInfo[] {
    const before = this.operands.length;
    this.#key.length = 0;
    try {
      this.#operands.write(this.#key, call);
      return this.#goTo(childOf(this.node, call.kernel, this.#key, call.fixed) ?? this.#trace(call, before));
    } catch (error) {
      this.#operands.forget(before);
      throw error;
    }
  }

  /** What follows is to be a program of its own. */
  cut(): void {
    this.#key.length = 0;
    let node = childOf(this.node, undefined, this.#key, {});
    if (node === undefined) {
      this.#expectTracing({ name: "a cut", inputs: [], fixed: {} });
      const graph = graphAfter(this.node);
      graph.cut();
      node = addChild(this.node, {
        kernel: undefined,
        key: [],
        fixed: {},
        graph,
        outputs: [],
        single: false,
        parameters: [],
      });
    }
    this.#goTo(node);
  }

  /** A result that was computed. It is given back at once where its tensor was disposed. */
  keep(place: number, buffer: DeviceBuffer): void {
    const held = this.made[place];
    if (held === undefined || held.refs === 0) {
      buffer.dispose();
      return;
    }
    held.buffers = [];
    held.buffers[this.device] = buffer;
    held.pass = undefined;
  }

  /** It has run, or failed to: gives back what was disposed, and forgets what went in. */
  end(): void {
    this.over = true;
    for (const operand of this.operands) {
      if (operand.kind !== "tensor") continue;
      const { held } = operand;
      held.usedBy = undefined;
      // What stays on a device need not stay on the host, small things aside.
      if (held.buffers !== undefined && held.size > smallSize) held.host = undefined;
    }
    for (const held of this.disposed) if (held.refs === 0) held.release();
  }

  /** @throws ConfigError if it ends before the pass that it must repeat */
  expectSameEnd(): void {
    const next = this.#like?.[this.node.depth + 1];
    if (next !== undefined) throw notAlike(this, { name: "the end", inputs: [], fixed: {} }, next);
  }

  /** The error for a tensor of this pass that was never computed. */
  lost(shape: readonly number[]): ConfigError {
    return new ConfigError(
      `xla: a tensor holds nothing. Got one of [${shape.join(", ")}] from work that failed before it was run, expected one of work that ended well, ` +
        "or made outside. Make it again.",
      { shape },
    );
  }

  #goTo(node: CallNode): tf.TensorInfo | tf.TensorInfo[] {
    const like = this.#like?.[node.depth];
    if (this.#like !== undefined && like !== node) throw notAlike(this, describedNode(node), like);
    this.node = node;
    const [output] = node.outputs;
    if (node.single && output !== undefined) return this.#handOut(output, node.firstValue);
    return node.outputs.map((each, i) => this.#handOut(each, node.firstValue + i));
  }

  #handOut({ shape, type }: CallNode["outputs"][number], value: number): tf.TensorInfo {
    const held = this.#context.hold(shape, type);
    held.pass = this;
    held.value = value;
    this.made.push(held);
    return { dataId: held, shape, dtype: tensorTypeOf(type) };
  }

  /** Runs the kernel's rule on the graph. */
  #trace({ kernel, inputs, data, fixed }: Call, operandsBefore: number): CallNode {
    const kept = keptFixed(fixed, kernel.left);
    this.#expectTracing({ name: kernel.name, inputs: describedKey(this.#key), fixed: kept });
    this.#catchUp();
    const graph = graphAfter(this.node);
    const parameters = this.operands.slice(operandsBefore).map((operand) => graph.parameter(...specOf(operand)));
    this.#parameters.push(...parameters);
    try {
      const byName: { [name: string]: Value } = {};
      for (const name in inputs) {
        const tensor = inputs[name];
        if (tensor !== undefined)
          byName[name] = graph.reshape(this.#valueOf(this.#context.heldOf(tensor)), tensor.shape);
      }
      const ofData: { [name: string]: Value | readonly Value[] } = {};
      for (const [name, arrays] of Object.entries(data)) {
        if (arrays === undefined) continue;
        ofData[name] = isOne(arrays) ? this.#parameterOf(arrays) : arrays.map((array) => this.#parameterOf(array));
      }
      let next = this.operands.findIndex((operand, i) => i >= operandsBefore && operand.kind === "numbers");
      for (const name of kernel.operands) {
        const value = fixed[name];
        const all = value === undefined ? undefined : this.#parameters[next++];
        if (all === undefined) continue;
        const scalars = Array.from({ length: all.shape[0] ?? 0 }, (_, i) =>
          graph.reshape(graph.slice(all, [i], [1]), []),
        );
        const [scalar = all] = scalars;
        ofData[name] = typeof value === "number" ? scalar : scalars;
      }
      const result = kernel.emit(graph, byName, ofData, kept, this.#context.program);
      const values: readonly Value[] = Array.isArray(result) ? result : [result as Value]; // no list
      const outputs = values.map((value) => ({ value, shape: [...value.shape], type: value.type }));
      const node = addChild(this.node, {
        kernel,
        key: this.#key,
        fixed: kept,
        graph,
        outputs,
        single: !Array.isArray(result),
        parameters,
      });
      this.#values.push(...values);
      this.traced++;
      this.#known = node.depth;
      return node;
    } catch (error) {
      this.#parameters.length = operandsBefore;
      throw error;
    }
  }

  /** Says for a pass that finds no recorded call why that is; one that must repeat another may not go on. */
  #expectTracing(call: DescribedCall): void {
    if (this.#like !== undefined) throw notAlike(this, call, this.#like[this.node.depth + 1]);
    this.reason ??= reasonFor(this.node, call, describedNode) ?? this.#context.nothing;
  }

  /** Collects the graph's values of the calls that were handed out so far. */
  #catchUp(): void {
    if (this.node.depth > 0 && this.#known === this.node.depth) return;
    const path = pathTo(this.node);
    this.#values = path.flatMap(({ outputs }) => outputs.map(({ value }) => value));
    this.#parameters = path.flatMap(({ parameters }) => parameters);
    this.#known = this.node.depth;
  }

  #valueOf(held: Held): Value {
    const value = held.pass === this ? this.#values[held.value] : this.#parameters[held.operand];
    if (value === undefined) throw new Error("A tensor of this pass has no value.");
    return value;
  }

  #parameterOf(array: HostArray): Value {
    const value = this.#parameters[this.#operands.numberOf(array)];
    if (value === undefined) throw new Error("An array of data has no parameter.");
    return value;
  }
}

function notAlike({ device, node }: Pass, call: DescribedCall, other: CallNode | undefined): ConfigError {
  const how =
    other === undefined ? `is ${call.name}, and there is none on device 0` : difference(call, describedNode(other));
  return new ConfigError(
    `together: devices call different ops. Got that on device ${device} call ${node.depth + 1} ${how} on device 0, expected the same ops on the ` +
      "same shapes. Give every device as many rows, and let nothing that is called depend on its index.",
    { device, call: node.depth + 1 },
  );
}
