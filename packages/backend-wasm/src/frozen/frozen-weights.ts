import { ConfigError } from "@kindred/errors";
import type { FrozenSpec, FrozenWeights, WeightForm as WeightFormName } from "@kindred/nn";
import { twoMemoriesWork } from "@kindred/side-module";
import { isStandIn, standIn, type WasmModule } from "@kindred/tensor";
import type { DataId, TensorInfo } from "@tensorflow/tfjs-core";
import type { KernelVariant } from "../kernel-variant.ts";
import { append, type Room, roomBeside } from "./room-beside.ts";
import { startWeightForms } from "./start-weight-forms.ts";
import type { WeightForm } from "./weight-form.ts";

/** Builds by the number that threads agree by: 0 is none. */
const layouts: readonly (KernelVariant | undefined)[] = [undefined, "simd", "relaxed", "wide"];

/** A weight that lies outside the heap. */
export type Frozen = FrozenSpec & {
  readonly memory: WebAssembly.Memory;
  readonly address: number;
  /** What multiplies by it: x and y lie in the heap if it reads two memories, else in the weight's own. */
  readonly form: WeightForm;
  readonly readsHeap: boolean;
  /** Where there is room for that in its memory. */
  readonly room: Room;
};

// What stand-ins stand for. Weak: a memory goes with the last of its tensors.
const places = new WeakMap<DataId, Frozen>();

/** The frozen weight that a tensor stands for; undefined for one with elements of its own, and for a weight in another shape. */
export function frozenBehind({ dataId, dtype, shape }: TensorInfo): Frozen | undefined {
  const place = isStandIn({ dtype }) ? places.get(dataId) : undefined;
  return place?.shape.every((size, axis) => size === shape[axis]) ? place : undefined;
}

/** An engine's heap, and the build that it runs. */
export type FrozenHeap = {
  readonly variant: KernelVariant;
  readonly module: WasmModule;
  readonly heap: WebAssembly.Memory;
};

/**
 * `frozenWeights` of a wasm engine. Its kernels read the weights' memory and the heap; where an engine knows modules of one memory only (Node 20, Safari),
 * activations are copied to the weights' memory and back.
 *
 * @throws ConfigError where threads that share a memory cannot read one layout
 */
export async function frozenWeights(
  { variant, module, heap }: FrozenHeap,
  memory: WebAssembly.Memory,
  form: WeightFormName,
  agree: (layout: number) => number = (layout) => layout,
): Promise<FrozenWeights> {
  const readsHeap = variant !== "simd" && twoMemoriesWork();
  const start = (build: KernelVariant) =>
    startWeightForms({ variant: build, weights: memory, heap: readsHeap ? heap : memory });
  const first = await start(variant);
  const agreed = layouts[agree(layouts.indexOf(first.variant))] ?? first.variant;
  const forms = agreed === first.variant ? first : await start(agreed);
  if (forms.variant !== agreed)
    throw new ConfigError(
      `frozenWeights: threads that share weights run other kernels. Got ${forms.variant}, expected ${agreed}, as the first of them. Choose a variant.`,
      { variant: forms.variant, agreed },
    );
  const kernels = forms[form];
  const room = roomBeside(memory);

  /** Where to write a matrix that is to be packed, and what to do with it then. */
  function inbox(length: number, inner: number) {
    if (!readsHeap) {
      const [weight, scratch] = room(4 * length, kernels.packScratchBytes(inner));
      return { weight, scratch, bytes: () => memory.buffer, free: () => {} };
    }
    const [scratch] = room(kernels.packScratchBytes(inner));
    const weight = module._malloc(4 * length);
    return { weight, scratch, bytes: () => heap.buffer, free: () => module._free(weight) };
  }

  return {
    bytes: ({ kind, shape }) => (kind === "matrix" ? kernels.bytes(...sizesOf(shape)) : 4 * elements(shape)),
    reserve: (end) => {
      const missing = end - memory.buffer.byteLength;
      if (missing > 0) append(memory, missing);
    },
    receive: ({ kind, shape }, address) => {
      const [out, inner] = sizesOf(shape);
      const length = elements(shape);
      const box = kind === "matrix" ? inbox(length, inner) : undefined;
      let at = 0;
      return {
        write: (values) => {
          // A view a piece: a heap that grows in between empties it.
          const numbers = new Float32Array(box?.bytes() ?? memory.buffer, box?.weight ?? address, length);
          numbers.set(values, at);
          at += values.length;
        },
        finish: () => {
          if (box) kernels.pack({ weight: box.weight, out, inner, to: address, scratch: box.scratch });
          box?.free();
        },
        giveUp: () => box?.free(),
      };
    },
    tensor: ({ kind, shape }, address) => {
      const tensor = standIn(shape);
      places.set(tensor.dataId, { kind, shape, memory, address, form: kernels, readsHeap, room });
      return tensor;
    },
  };
}

function sizesOf([out = 0, inner = 0]: FrozenSpec["shape"]): [out: number, inner: number] {
  return [out, inner];
}

function elements(shape: FrozenSpec["shape"]): number {
  return shape.reduce((product, size) => product * size, 1);
}
