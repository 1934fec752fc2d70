import { ConfigError } from "@kindred/errors";
import type { DeviceBuffer } from "@kindred/pjrt";
import type { ElementType, Value } from "@kindred/stablehlo";
import type { HostArray, HostData } from "@kindred/tensor";
import type * as tf from "@tensorflow/tfjs-core";
import { addChild, type CallNode, childOf, graphAfter, pathTo, type RecordedKernel } from "./call-trie.ts";
import { type DescribedCall, difference, reasonFor } from "./differences.ts";
import { type FixedValues, keptFixed } from "./fixed-values.ts";
import { type Held, tensorTypeOf } from "./held.ts";
import type { RuleProgram } from "./implement-rule.ts";

/** The tensors of a call by name, or in their order. */
export type CallInputs = { readonly [name: string]: tf.TensorInfo };

/** What a program is given: what a tensor holds, an array of data, or numbers that stood in a call. */
export type Operand =
  | { readonly kind: "tensor"; readonly held: Held }
  | { readonly kind: "data"; readonly array: HostArray }
  | { readonly kind: "numbers"; readonly array: Int32Array };

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

// What stands in a key beside numbers of names, values (from 0 on) and operands (−1 − number).
const newOperand = -(2 ** 30);
const otherShape = newOperand - 1;
const data = newOperand - 2;
const list = newOperand - 3;
const numbers = newOperand - 4;
const typeCodes: { readonly [type in ElementType]: number } = { f32: 0, i32: 1, i1: 2, ui32: 3, bf16: 4 };

/** So many elements are read on the host without asking a device. */
const smallSize = 1024;

const nameNumbers = new Map<string, number>();

/** A small number for a name, the same each time. */
function numberOf(name: string): number {
  const known = nameNumbers.get(name) ?? nameNumbers.size;
  if (known === nameNumbers.size) nameNumbers.set(name, known);
  return known;
}

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
  readonly operands: Operand[] = [];
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
  readonly #arrays = new Map<HostArray, number>();
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
    this.device = device;
    this.node = from;
    this.#like = like && pathTo(like.node);
  }

  /** Records a call, or finds it recorded, and gives its results. */
  call(
    kernel: RecordedKernel,
    inputs: CallInputs,
    given: HostData,
    fixed: FixedValues,
  ): tf.TensorInfo | tf.TensorInfo[] {
    const before = this.operands.length;
    this.#key.length = 0;
    try {
      this.#writeKey(kernel, inputs, given, fixed);
      const node = childOf(this.node, kernel, this.#key, fixed) ?? this.#trace(kernel, inputs, given, fixed, before);
      return this.#goTo(node);
    } catch (error) {
      this.#forgetOperands(before);
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

  /** Writes down which tensors and data go into a call; those from outside become operands. */
  #writeKey(kernel: RecordedKernel, inputs: CallInputs, given: HostData, fixed: FixedValues): void {
    const key = this.#key;
    for (const name in inputs) {
      const tensor = inputs[name];
      if (tensor === undefined) continue;
      key.push(numberOf(name));
      this.#writeTensor(tensor);
    }
    for (const name in given) {
      const arrays = given[name];
      if (arrays === undefined) continue;
      key.push(data, numberOf(name));
      if (!Array.isArray(arrays))
        this.#writeArray(arrays as HostArray); // no list of them
      else {
        key.push(list, arrays.length);
        for (const array of arrays as readonly HostArray[]) this.#writeArray(array); // a list of them
      }
    }
    for (const name of kernel.operands) {
      const value = fixed[name];
      if (value === undefined) continue;
      const array = typeof value === "number" ? Int32Array.of(value) : Int32Array.from(value as readonly number[]); // as RuleOptions says
      key.push(numbers, numberOf(name), typeof value === "number" ? -1 : array.length);
      this.operands.push({ kind: "numbers", array });
    }
  }

  #writeTensor(tensor: tf.TensorInfo): void {
    const key = this.#key;
    const held = this.#context.heldOf(tensor);
    if (held.pass === this) key.push(held.value);
    else if (held.pass !== undefined) throw held.pass.lost(held.shape);
    else if (held.usedBy === this) key.push(-1 - held.operand);
    else {
      held.usedBy = this;
      held.operand = this.operands.length;
      this.operands.push({ kind: "tensor", held });
      key.push(newOperand, typeCodes[held.type], held.shape.length, ...held.shape);
    }
    if (!sameShape(held.shape, tensor.shape)) key.push(otherShape, tensor.shape.length, ...tensor.shape);
  }

  #writeArray(array: HostArray): void {
    const known = this.#arrays.get(array);
    if (known !== undefined) {
      this.#key.push(-1 - known);
      return;
    }
    this.#arrays.set(array, this.operands.length);
    this.operands.push({ kind: "data", array });
    this.#key.push(newOperand, typeCodes[typeOfArray(array)], array.length);
  }

  /** Takes operands back that a call brought which failed. */
  #forgetOperands(count: number): void {
    for (const operand of this.operands.splice(count)) {
      if (operand.kind === "tensor") operand.held.usedBy = undefined;
      else if (operand.kind === "data") this.#arrays.delete(operand.array);
    }
  }

  /** Runs the kernel's rule on the graph. */
  #trace(
    kernel: RecordedKernel,
    inputs: CallInputs,
    given: HostData,
    fixed: FixedValues,
    operandsBefore: number,
  ): CallNode {
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
      for (const [name, arrays] of Object.entries(given)) {
        if (arrays === undefined) continue;
        ofData[name] = Array.isArray(arrays)
          ? arrays.map((array: HostArray) => this.#parameterOf(array))
          : this.#parameterOf(arrays as HostArray); // no list of them
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
    const value = this.#parameters[this.#arrays.get(array) ?? -1];
    if (value === undefined) throw new Error("An array of data has no parameter.");
    return value;
  }
}

/** Shape and type of an operand. */
function specOf(operand: Operand): [shape: readonly number[], type: ElementType] {
  if (operand.kind === "tensor") return [operand.held.shape, operand.held.type];
  return [[operand.array.length], typeOfArray(operand.array)];
}

/** What an array of data is as an operand. */
export function typeOfArray(array: HostArray): ElementType {
  if (array instanceof Float32Array) return "f32";
  if (array instanceof Int32Array) return "i32";
  return array instanceof Uint32Array ? "ui32" : "i1";
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function describedNode({ kernel, key, fixed }: CallNode): DescribedCall {
  return { name: kernel?.name ?? "a cut", inputs: describedKey(key), fixed };
}

/** A key in words, an entry for each tensor, array or list of numbers. */
function describedKey(key: readonly number[]): string[] {
  const names = [...nameNumbers.keys()];
  const types = Object.keys(typeCodes);
  const words: string[] = [];
  let at = 0;
  const next = () => key[at++] ?? 0;
  const shape = () => `[${Array.from({ length: next() }, next).join(", ")}]`;
  const reference = (isData: boolean) => {
    const first = next();
    if (first === list) return Array.from({ length: next() }, (): string => reference(isData)).join(" and ");
    if (first >= 0) return `result ${first}`;
    if (first !== newOperand) return `operand ${-1 - first}`;
    const type = types[next()] ?? "";
    return `a new ${type} ${isData ? `[${next()}]` : shape()}`;
  };
  while (at < key.length) {
    const kind = next();
    if (kind === otherShape) words.push(`${words.pop()} as ${shape()}`);
    else if (kind === data) words.push(`data ${names[next()]} = ${reference(true)}`);
    else if (kind === numbers) words.push(`numbers ${names[next()]}: ${next()}`);
    else words.push(`${names[kind]} = ${reference(false)}`);
  }
  return words;
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
