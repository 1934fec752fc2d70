import { abi } from "./abi.ts";
import type { Device } from "./device.ts";
import {
  checkHostArray,
  describeSpec,
  type ElementType,
  type HostArray,
  tensorBytes,
  type TensorSpec,
} from "./element-type.ts";
import type { OpenClient } from "./open-client.ts";
import { PjrtError } from "./pjrt-error.ts";

/**
 * A tensor in a device's memory. It is there until {@link DeviceBuffer.dispose}, until a program to which it is donated takes it, or
 * until its client closes; nothing else frees it.
 *
 * @example
 * ```ts ignore
 * const buffer = client.put(Float32Array.of(1, 2), { shape: [2] });
 * await buffer.read(new Float32Array(2)); // => [1, 2]
 * buffer.dispose();
 * ```
 */
export class DeviceBuffer implements TensorSpec {
  readonly shape: readonly number[];
  readonly type: ElementType;
  /** Where it lies. */
  readonly device: Device;
  readonly #client: OpenClient;
  readonly #pointer: bigint;
  #state: "live" | "donated" | "disposed" = "live";

  /** @internal */
  constructor(client: OpenClient, pointer: bigint, { shape, type }: TensorSpec, device: Device) {
    this.#client = client;
    this.#pointer = pointer;
    this.shape = shape;
    this.type = type;
    this.device = device;
    client.hold(this);
  }

  /** Its size on the host. */
  get bytes(): number {
    return tensorBytes(this);
  }

  /** Whether it was disposed, or donated to a program. */
  get isDeleted(): boolean {
    return this.#state !== "live";
  }

  /**
   * Copies it into an array, when it has been computed, and resolves then. This thread goes on meanwhile; the array may not be touched.
   *
   * @throws ShapeError if the array is of another class or length
   * @throws PjrtError if it was disposed or donated, or if the program failed that was to compute it
   */
  async read<Into extends HostArray>(into: Into): Promise<Into> {
    if (this.#isEmpty("read", into)) return into;
    const { event, kept } = this.#copyTo("read", into);
    await this.#client.events.wait(event, kept);
    return into;
  }

  /**
   * As {@link DeviceBuffer.read}, but blocks this thread.
   *
   * @throws ShapeError if the array is of another class or length
   * @throws PjrtError if it was disposed or donated, or if the program failed that was to compute it
   */
  readSync<Into extends HostArray>(into: Into): Into {
    if (this.#isEmpty("readSync", into)) return into;
    const { event } = this.#copyTo("readSync", into);
    this.#client.events.waitSync(event);
    return into;
  }

  /**
   * Resolves when it has been computed.
   *
   * @throws PjrtError if it was disposed or donated, or if the program failed that was to compute it
   */
  async ready(): Promise<void> {
    const buffer = this.pointer("ready");
    await this.#client.events.wait(this.#client.api.call("Buffer_ReadyEvent", { buffer }).pointer("event"), this);
  }

  /** Frees its memory, as soon as programs that use it are done. A second time it does nothing. */
  dispose(): void {
    if (this.#state === "live") this.#end("disposed");
  }

  /**
   * The native buffer.
   *
   * @internal
   * @throws PjrtError if it is gone
   */
  pointer(functionName: string): bigint {
    this.#client.check(functionName);
    if (this.#state !== "live")
      throw new PjrtError(
        "FAILED_PRECONDITION",
        functionName,
        `${functionName}: the buffer is gone. Got a ${describeSpec(this)} that was ${this.#state}, expected one that is there.${this.#state === "donated" ? " Use the output that took its memory." : ""}`,
        { shape: this.shape, type: this.type, state: this.#state },
      );
    return this.#pointer;
  }

  /** @internal After a call that took its memory: lets go of the handle. */
  giveAway(): void {
    this.#end("donated");
  }

  /** @internal After a call that failed, and may have taken its memory before. */
  giveAwayIfDeleted(): void {
    if (this.#client.api.call("Buffer_IsDeleted", { buffer: this.#pointer }).number("is_deleted") !== 0)
      this.giveAway();
  }

  #end(state: "donated" | "disposed"): void {
    this.#state = state;
    this.#client.forget(this);
    if (this.#client.isOpen) this.#client.api.call("Buffer_Destroy", { buffer: this.#pointer });
  }

  /** Whether there is nothing to copy: plugins crash where they are asked for no bytes. */
  #isEmpty(functionName: string, into: HostArray): boolean {
    this.pointer(functionName);
    checkHostArray(functionName, into, this);
    return this.bytes === 0;
  }

  #copyTo(functionName: string, into: HostArray): { readonly event: bigint; readonly kept: unknown } {
    const src = this.pointer(functionName);
    checkHostArray(functionName, into, this);
    const { api } = this.#client;
    // Without a layout the plugin's own would be used, which on a TPU need not be row by row.
    const byte_strides = rowMajorStrides(this);
    const host_layout = api.struct("Buffer_MemoryLayout", {
      type: abi.constants.stridesLayout,
      "strides.struct_size": 32,
      "strides.byte_strides": byte_strides,
      "strides.num_byte_strides": this.shape.length,
    });
    const args = { src, dst: into, dst_size: into.byteLength };
    return { event: api.call("Buffer_ToHostBuffer", args).pointer("event"), kept: { into, host_layout } };
  }
}

/** How many bytes further the next element of each axis is. */
function rowMajorStrides({ shape, type }: TensorSpec): BigInt64Array {
  const strides = new BigInt64Array(Math.max(1, shape.length));
  let stride = BigInt(tensorBytes({ shape: [], type }));
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= BigInt(shape[axis] ?? 1);
  }
  return strides;
}
