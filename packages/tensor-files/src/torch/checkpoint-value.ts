import type { Dtype } from "../named-tensor.ts";

/** Bytes that tensors share, named by a key; the container knows where they lie. */
type StorageValue = {
  readonly kind: "storage";
  readonly key: string;
  readonly dtype: Dtype;
  /** Length in bytes, as the pickle says. */
  readonly bytes: number;
};

/** A view of a storage: element [i, j, …] is the storage's element `offset + i·strides[0] + j·strides[1] + …`. */
export type TensorValue = {
  readonly kind: "tensor";
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  /** In elements. */
  readonly offset: number;
  readonly storage: StorageValue;
};

/** A name that the pickle imports, `module.name`: a class or function there, a mere word here. */
type ImportValue = { readonly kind: "import"; readonly name: string };

/** A list, which grows as the pickle is read. */
export type ListValue = { readonly kind: "list"; readonly items: CheckpointValue[] };

/** A tuple. */
type TupleValue = { readonly kind: "tuple"; readonly items: readonly CheckpointValue[] };

/** What may be a key of a dictionary. */
export type KeyValue = null | boolean | number | bigint | string;

/** A dictionary, ordered as all are. */
export type DictValue = { readonly kind: "dict"; readonly entries: Map<KeyValue, CheckpointValue> };

/** Everything that a checkpoint's pickle can make. Nothing here is code. */
export type CheckpointValue = KeyValue | ListValue | TupleValue | DictValue | ImportValue | StorageValue | TensorValue;

/** A value in few words, for errors. */
export function describeValue(value: CheckpointValue | undefined): string {
  if (value === undefined) return "nothing";
  if (typeof value === "string") return JSON.stringify(value.slice(0, 60));
  if (typeof value !== "object" || value === null) return String(value);
  return value.kind === "import" ? value.name : `a ${value.kind}`;
}
