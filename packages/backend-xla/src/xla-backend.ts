import { ConfigError } from "@kindred/errors";
import { type HostArray, tensorBytes } from "@kindred/pjrt";
import type { ElementType } from "@kindred/stablehlo";
import * as tf from "@tensorflow/tfjs-core";
import { Held, tensorValues } from "./held.ts";
import { Recorder, type RecorderParts } from "./recorder.ts";

/** A backend of tfjs whose kernels are recorded. What its tensors hold is their data ids. */
export class XlaBackend extends tf.KernelBackend {
  readonly recorder: Recorder;
  /** What came from other backends, by the data ids that it had there. */
  readonly #moved = new Map<tf.DataId, Held>();
  #count = 0;
  #bytes = 0;

  constructor(parts: RecorderParts) {
    super();
    this.recorder = new Recorder(parts, {
      heldOf: ({ dataId }) => this.held(dataId),
      hold: (shape, type) => this.#hold(shape, type),
    });
  }

  /** Bytes of all that its tensors hold; what several share is counted once. */
  get bytes(): number {
    return this.#bytes;
  }

  /** What a tensor holds; one of another backend is brought here. */
  held(dataId: tf.DataId): Held {
    const known = this.#find(dataId);
    if (known !== undefined) return known;
    tf.engine().moveData(this, dataId);
    const moved = this.#moved.get(dataId);
    if (moved === undefined) throw new Error("A tensor belongs to no backend.");
    return moved;
  }

  /** The same elements under another shape, for a kernel that moves none. */
  share({ dataId, dtype }: tf.TensorInfo, shape: number[]): tf.TensorInfo {
    this.held(dataId).refs++;
    return { dataId, shape, dtype };
  }

  override write(values: tf.BackendValues, shape: number[], dtype: tf.DataType): tf.DataId {
    const held = this.#hold([...shape], typeOf(dtype));
    held.host = copyOf(values as ArrayLike<number>, dtype); // strings and complex numbers were refused
    return held;
  }

  override move(
    dataId: tf.DataId,
    values: tf.BackendValues,
    shape: number[],
    dtype: tf.DataType,
    refCount: number,
  ): void {
    const held = this.#hold([...shape], typeOf(dtype));
    held.host = copyOf(values as ArrayLike<number>, dtype); // likewise
    held.refs = refCount;
    this.#moved.set(dataId, held);
  }

  override readSync(dataId: tf.DataId): tf.BackendValues {
    const held = this.held(dataId);
    this.recorder.settle("dataSync", held);
    return tensorValues(held.toHost());
  }

  override async read(dataId: tf.DataId): Promise<tf.BackendValues> {
    const held = this.held(dataId);
    this.recorder.settle("data", held);
    return tensorValues(await held.readHost());
  }

  override refCount(dataId: tf.DataId): number {
    return this.#find(dataId)?.refs ?? 0;
  }

  override incRef(dataId: tf.DataId): void {
    this.held(dataId).refs++;
  }

  decRef(dataId: tf.DataId): void {
    this.held(dataId).refs--;
  }

  override disposeData(dataId: tf.DataId, force = false): boolean {
    const held = this.#find(dataId);
    if (held === undefined) return true;
    held.refs--;
    if (!force && held.refs > 0) return false;
    held.refs = 0;
    this.#count--;
    this.#bytes -= tensorBytes(held);
    held.owner = undefined;
    if (this.#moved.size > 0) this.#moved.delete(dataId);
    if (held.usedBy === undefined) held.release();
    else held.usedBy.disposed.push(held); // it is needed until the pass has run
    return true;
  }

  override numDataIds(): number {
    return this.#count;
  }

  /** As tfjs forgets it: what its tensors hold is their own, and goes with them or with the client. */
  override dispose(): void {}

  override memory(): { unreliable: boolean } {
    return { unreliable: false };
  }

  override floatPrecision(): 32 {
    return 32;
  }

  override epsilon(): number {
    return 1e-7;
  }

  override async time(run: () => void): Promise<{ kernelMs: number }> {
    const start = performance.now();
    run();
    return { kernelMs: performance.now() - start };
  }

  #hold(shape: readonly number[], type: ElementType): Held {
    const held = new Held(shape, type, this);
    this.#count++;
    this.#bytes += tensorBytes(held);
    return held;
  }

  #find(dataId: tf.DataId): Held | undefined {
    return dataId instanceof Held && dataId.owner === this ? dataId : this.#moved.get(dataId);
  }
}

function typeOf(dtype: tf.DataType): ElementType {
  if (dtype === "float32") return "f32";
  if (dtype === "int32") return "i32";
  if (dtype === "bool") return "i1";
  throw new ConfigError(
    `xla: there are no tensors of this type. Got ${dtype}, expected float32, int32 or bool. Keep it in JavaScript.`,
    { dtype },
  );
}

/**
 * A copy, so that whoever made a tensor from an array may write to it afterwards; of other backends too, whose arrays may be a user's own.
 * Constructors copy whole arrays, where `from` goes element by element.
 */
function copyOf(values: ArrayLike<number>, dtype: tf.DataType): HostArray {
  if (dtype === "float32") return new Float32Array(values);
  if (dtype === "int32") return new Int32Array(values);
  return Uint8Array.from(values, (value) => (value ? 1 : 0));
}
