import type { ElementType } from "@kindred/stablehlo";
import type { HostArray, HostData } from "@kindred/tensor";
import type * as tf from "@tensorflow/tfjs-core";
import { marks, numberOf, sameNumbers, typeCodes } from "./call-key.ts";
import type { RecordedKernel } from "./call-trie.ts";
import type { FixedValues } from "./fixed-values.ts";
import type { Held } from "./held.ts";
import type { Pass } from "./pass.ts";

/** The tensors of a call by name, or in their order. */
export type CallInputs = { readonly [name: string]: tf.TensorInfo };

/** A call of a kernel: what goes in, and what it is specialised on. */
export type Call = {
  readonly kernel: RecordedKernel;
  readonly inputs: CallInputs;
  readonly data: HostData;
  readonly fixed: FixedValues;
};

/** What a program is given: what a tensor holds, an array of data, or numbers that stood in a call. */
export type Operand =
  | { readonly kind: "tensor"; readonly held: Held }
  | { readonly kind: "data"; readonly array: HostArray }
  | { readonly kind: "numbers"; readonly array: Int32Array };

/** What a pass takes from outside, numbered as it appears. */
export class Operands {
  readonly list: Operand[] = [];
  readonly #pass: Pass;
  readonly #heldOf: (tensor: tf.TensorInfo) => Held;
  readonly #arrays = new Map<HostArray, number>();

  constructor(pass: Pass, heldOf: (tensor: tf.TensorInfo) => Held) {
    this.#pass = pass;
    this.#heldOf = heldOf;
  }

  /** The number of an array of data that was written down. */
  numberOf(array: HostArray): number {
    return this.#arrays.get(array) ?? -1;
  }

  /** Writes down, in `key`, which tensors and data go into a call; what comes from outside for the first time becomes an operand. */
  write(key: number[], { kernel, inputs, data, fixed }: Call): void {
    for (const name in inputs) {
      const tensor = inputs[name];
      if (tensor === undefined) continue;
      key.push(numberOf(name));
      this.#writeTensor(key, tensor);
    }
    for (const name in data) {
      const arrays = data[name];
      if (arrays === undefined) continue;
      key.push(marks.data, numberOf(name));
      if (isOne(arrays)) this.#writeArray(key, arrays);
      else {
        key.push(marks.list, arrays.length);
        for (const array of arrays) this.#writeArray(key, array);
      }
    }
    for (const name of kernel.operands) {
      const value = fixed[name];
      if (value === undefined) continue;
      const array = typeof value === "number" ? Int32Array.of(value) : Int32Array.from(value as readonly number[]); // as RuleOptions says
      key.push(marks.numbers, numberOf(name), typeof value === "number" ? -1 : array.length);
      this.list.push({ kind: "numbers", array });
    }
  }

  /** Takes those from `count` on back, which a call brought that failed. */
  forget(count: number): void {
    for (const operand of this.list.splice(count)) {
      if (operand.kind === "tensor") operand.held.usedBy = undefined;
      else if (operand.kind === "data") this.#arrays.delete(operand.array);
    }
  }

  #writeTensor(key: number[], tensor: tf.TensorInfo): void {
    const held = this.#heldOf(tensor);
    if (held.pass === this.#pass) key.push(held.value);
    else if (held.pass !== undefined) throw held.pass.lost(held.shape);
    else if (held.usedBy === this.#pass) key.push(-1 - held.operand);
    else {
      held.usedBy = this.#pass;
      held.operand = this.list.length;
      this.list.push({ kind: "tensor", held });
      key.push(marks.newOperand, typeCodes[held.type], held.shape.length, ...held.shape);
    }
    if (!sameNumbers(held.shape, tensor.shape)) key.push(marks.otherShape, tensor.shape.length, ...tensor.shape);
  }

  #writeArray(key: number[], array: HostArray): void {
    const known = this.#arrays.get(array);
    if (known !== undefined) {
      key.push(-1 - known);
      return;
    }
    this.#arrays.set(array, this.list.length);
    this.list.push({ kind: "data", array });
    key.push(marks.newOperand, typeCodes[typeOfArray(array)], array.length);
  }
}

/** Whether data is one array, and no list of them. */
export function isOne(data: HostArray | readonly HostArray[]): data is HostArray {
  return ArrayBuffer.isView(data);
}

/** Shape and type of an operand. */
export function specOf(operand: Operand): [shape: readonly number[], type: ElementType] {
  if (operand.kind === "tensor") return [operand.held.shape, operand.held.type];
  return [[operand.array.length], typeOfArray(operand.array)];
}

/** What an array of data is as an operand. */
export function typeOfArray(array: HostArray): ElementType {
  if (array instanceof Float32Array) return "f32";
  if (array instanceof Int32Array) return "i32";
  return array instanceof Uint32Array ? "ui32" : "i1";
}
