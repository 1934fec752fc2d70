import { byteLength } from "../named-tensor.ts";
import type { CheckpointValue, KeyValue, TensorValue } from "./checkpoint-value.ts";

/** A checkpoint's tree as names: `{"model": {"weight": …}}` has `model.weight`. */
export type FlatState = {
  readonly tensors: Map<string, TensorValue>;
  /** The numbers, texts and truth values beside the tensors: an epoch, a learning rate. */
  readonly values: Map<string, KeyValue>;
};

/**
 * Letters of names for each byte of the pickle: a tree that repeats a branch a few times passes, one that doubles at
 * each level does not.
 */
const LETTERS_PER_BYTE = 32;
/**
 * How much longer than its storages a checkpoint's tensors may be: some are shared, a few repeat a value along an axis.
 */
const BYTES_PER_STORED_BYTE = 32;
const FREE_BYTES = 2 ** 20;
/** State dicts are some five levels deep. */
const DEEPEST = 64;

/**
 * The tensors and plain values of a tree of dictionaries, lists and tuples, by dotted names; items of lists by their
 * index.
 *
 * The tree comes from a pickle, where one branch may stand in many places, or within itself, and a tensor may repeat
 * its elements at no cost: what it unfolds to is bounded by what the file holds.
 *
 * @throws by `refuse`, if the tree is no dictionary, unfolds to more than its bytes justify, or gives one name twice
 */
export function flattenState(
  root: CheckpointValue,
  pickleBytes: number,
  refuse: (message: string) => never,
): FlatState {
  const state: FlatState = { tensors: new Map(), values: new Map() };
  let letters = LETTERS_PER_BYTE * pickleBytes;
  const visit = (name: string, value: CheckpointValue, depth: number): void => {
    letters -= 1 + name.length;
    if (letters < 0 || depth > DEEPEST)
      refuse("its branches repeat or hold themselves: they unfold to more than the file justifies.");
    if (typeof value !== "object" || value === null) expectNew(state, name, refuse).values.set(name, value);
    else if (value.kind === "tensor") expectNew(state, name, refuse).tensors.set(name, value);
    else if (value.kind === "dict") for (const [key, item] of value.entries) visit(joined(name, key), item, depth + 1);
    else if (value.kind === "list" || value.kind === "tuple")
      for (const [i, item] of value.items.entries()) visit(joined(name, i), item, depth + 1);
  };
  if (typeof root !== "object" || root?.kind !== "dict")
    return refuse("no dictionary of tensors. Is this a checkpoint?");
  visit("", root, 0);
  expectJustified(state.tensors.values(), refuse);
  return state;
}

function joined(name: string, key: KeyValue): string {
  return name === "" ? String(key) : `${name}.${String(key)}`;
}

function expectNew(state: FlatState, name: string, refuse: (message: string) => never): FlatState {
  if (state.tensors.has(name) || state.values.has(name))
    refuse(`the name ${JSON.stringify(name.slice(0, 120))} stands twice.`);
  return state;
}

function expectJustified(tensors: Iterable<TensorValue>, refuse: (message: string) => never): void {
  let bytes = 0;
  const storages = new Map<string, number>();
  for (const { dtype, shape, storage } of tensors) {
    const length = byteLength(dtype, shape);
    bytes += typeof length === "number" ? length : refuse(`a tensor of shape [${shape}]: ${length}.`);
    if ((storages.get(storage.key) ?? storage.bytes) !== storage.bytes)
      refuse(`storage ${storage.key} has two lengths, ${storages.get(storage.key)} and ${storage.bytes} bytes.`);
    storages.set(storage.key, storage.bytes);
  }
  const stored = [...storages.values()].reduce((sum, length) => sum + length, 0);
  if (bytes <= FREE_BYTES + BYTES_PER_STORED_BYTE * stored) return;
  refuse(`its tensors repeat their elements: they unfold to ${bytes} bytes, from ${stored} bytes of storage.`);
}
