import { strideSpan } from "../gather-strided.ts";
import { dtypeBits, type Dtype } from "../named-tensor.ts";
import { type CheckpointValue, describeValue, type TensorValue } from "./checkpoint-value.ts";
import type { PickleHost } from "./read-pickle.ts";

type Refuse = (message: string) => never;
type Call = (args: readonly CheckpointValue[], refuse: Refuse) => CheckpointValue;

/** PyTorch's storage classes: what one element is. An untyped storage counts bytes. */
const storageDtypes: { readonly [name: string]: Dtype } = {
  "torch.DoubleStorage": "F64",
  "torch.FloatStorage": "F32",
  "torch.HalfStorage": "F16",
  "torch.BFloat16Storage": "BF16",
  "torch.LongStorage": "I64",
  "torch.IntStorage": "I32",
  "torch.ShortStorage": "I16",
  "torch.CharStorage": "I8",
  "torch.ByteStorage": "U8",
  "torch.BoolStorage": "BOOL",
  "torch.ComplexFloatStorage": "C64",
  "torch.storage.UntypedStorage": "U8",
};

/** PyTorch's dtypes, by which `_rebuild_tensor_v3` reads an untyped storage. */
const dtypes: { readonly [name: string]: Dtype } = {
  "torch.float64": "F64",
  "torch.float32": "F32",
  "torch.float16": "F16",
  "torch.bfloat16": "BF16",
  "torch.float8_e4m3fn": "F8_E4M3",
  "torch.float8_e5m2": "F8_E5M2",
  "torch.float8_e4m3fnuz": "F8_E4M3FNUZ",
  "torch.float8_e5m2fnuz": "F8_E5M2FNUZ",
  "torch.float8_e8m0fnu": "F8_E8M0",
  "torch.int64": "I64",
  "torch.int32": "I32",
  "torch.int16": "I16",
  "torch.int8": "I8",
  "torch.uint64": "U64",
  "torch.uint32": "U32",
  "torch.uint16": "U16",
  "torch.uint8": "U8",
  "torch.bool": "BOOL",
  "torch.complex64": "C64",
};

const calls: { readonly [name: string]: Call } = {
  "collections.OrderedDict": orderedDict,
  "torch.Size": ([sizes], refuse) => tupleOf(sizes, refuse),
  "torch.device": ([name], refuse) => (typeof name === "string" ? name : refuse("a device without a name.")),
  "torch._utils._rebuild_tensor": (args, refuse) => rebuildTensor(args, undefined, refuse),
  "torch._utils._rebuild_tensor_v2": (args, refuse) => rebuildTensor(args, undefined, refuse),
  "torch._utils._rebuild_tensor_v3": (args, refuse) => rebuildTensor(args, dtypeOf(args[6], refuse), refuse),
  "torch._utils._rebuild_parameter": ([data], refuse) => tensorOf(data, refuse),
  "torch._utils._rebuild_parameter_with_state": ([data], refuse) => tensorOf(data, refuse),
};

const imports = new Set([...Object.keys(storageDtypes), ...Object.keys(dtypes), ...Object.keys(calls)]);

/**
 * The closed list of what a checkpoint's pickle may import, and what each gives. Nothing is ever run:
 * `_rebuild_tensor_v2` and its like are read as the description of a view, checked against the storage's length.
 *
 * @see PyTorch, `torch/_utils.py` and `torch/serialization.py`, `persistent_id`
 */
export const torchImports: PickleHost = {
  expectImport: (name, refuse) => {
    if (!imports.has(name))
      refuse(`the import ${name.slice(0, 120)} is not allowed in a checkpoint. Nothing of this file was run.`);
  },
  call: (name, args, refuse) => {
    const call = Object.hasOwn(calls, name) ? calls[name] : undefined;
    return call === undefined ? refuse(`${name} cannot be called.`) : call(args, refuse);
  },
  persistent: (id, refuse) => {
    const [tag, type, key, , elements, view] = tupleOf(id, refuse).items;
    const typeName = typeof type === "object" && type?.kind === "import" ? type.name : "";
    const dtype = Object.hasOwn(storageDtypes, typeName) ? storageDtypes[typeName] : undefined;
    if (tag !== "storage" || dtype === undefined || typeof key !== "string" || !isSize(elements))
      return refuse(`a persistent id that is no storage. Got ${describeValue(tag)} of ${describeValue(type)}.`);
    if (view !== undefined && view !== null) refuse("a view of a storage as of 2017. Save the checkpoint again.");
    const bytes = elements * (dtypeBits[dtype] / 8);
    if (!Number.isSafeInteger(bytes)) refuse(`a storage of ${elements} elements. Expected less than 2^53 bytes.`);
    return { kind: "storage", key, dtype, bytes };
  },
};

function rebuildTensor(args: readonly CheckpointValue[], dtype: Dtype | undefined, refuse: Refuse): TensorValue {
  const [storage, offset, shapeValue, stridesValue] = args;
  if (typeof storage !== "object" || storage?.kind !== "storage")
    return refuse(`a tensor needs a storage. Got ${describeValue(storage)}.`);
  const shape = sizesOf(shapeValue, refuse);
  const strides = sizesOf(stridesValue, refuse);
  if (!isSize(offset) || shape.length !== strides.length)
    return refuse(`a tensor of shape [${shape}] with strides [${strides}] and offset ${describeValue(offset)}.`);
  const tensor: TensorValue = { kind: "tensor", dtype: dtype ?? storage.dtype, shape, strides, offset, storage };
  expectWithin(tensor, refuse);
  return tensor;
}

function expectWithin({ dtype, shape, strides, offset, storage }: TensorValue, refuse: Refuse): void {
  const width = dtypeBits[dtype] / 8;
  // Sums beyond 2⁵³ are rounded, and still larger than any storage.
  const elements = shape.includes(0) ? 0 : offset + strideSpan(shape, strides) + 1;
  if (elements * width <= storage.bytes) return;
  refuse(
    `a tensor beyond its storage. Got shape [${shape}], strides [${strides}], offset ${offset}, which needs ${elements} ` +
      `elements of ${width} bytes, expected at most the storage's ${storage.bytes} bytes.`,
  );
}

function orderedDict(args: readonly CheckpointValue[], refuse: Refuse): CheckpointValue {
  const entries = new Map();
  // Python 2 gave the pairs here; Python 3 sets them afterwards.
  const [pairs] = args;
  if (pairs !== undefined) {
    if (typeof pairs !== "object" || pairs?.kind !== "list")
      return refuse("an OrderedDict of something else than a list.");
    for (const pair of pairs.items) {
      const items = typeof pair === "object" && (pair?.kind === "list" || pair?.kind === "tuple") ? pair.items : [];
      const [key, value] = items;
      if (typeof key !== "string" || value === undefined) return refuse("an OrderedDict of something else than pairs.");
      entries.set(key, value);
    }
  }
  return { kind: "dict", entries };
}

function dtypeOf(value: CheckpointValue | undefined, refuse: Refuse): Dtype {
  const name = typeof value === "object" && value?.kind === "import" ? value.name : "";
  const dtype = Object.hasOwn(dtypes, name) ? dtypes[name] : undefined;
  return dtype ?? refuse(`a tensor needs a dtype. Got ${describeValue(value)}.`);
}

function tensorOf(value: CheckpointValue | undefined, refuse: Refuse): TensorValue {
  if (typeof value === "object" && value?.kind === "tensor") return value;
  return refuse(`a parameter needs a tensor. Got ${describeValue(value)}.`);
}

function tupleOf(value: CheckpointValue | undefined, refuse: Refuse) {
  if (typeof value === "object" && value?.kind === "tuple") return value;
  return refuse(`${describeValue(value)}, where a tuple must stand.`);
}

function sizesOf(value: CheckpointValue | undefined, refuse: Refuse): number[] {
  return tupleOf(value, refuse).items.map((size) =>
    isSize(size) ? size : refuse(`${describeValue(size)} as a size.`),
  );
}

function isSize(value: CheckpointValue | undefined): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
