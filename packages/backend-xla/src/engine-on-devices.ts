import { ShapeError } from "@kindred/errors";
import type { Devices, Float, MemoryInUse, RunningEngine } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { blockLayout, blockRows } from "./block-layout.ts";
import type { XlaBackend } from "./xla-backend.ts";

/**
 * What a running engine does on a backend that records.
 *
 * Batches to embed: a CPU is as fast with 256 rows of MPNet-base as with 1024, and a query waits for what has begun; an accelerator is to
 * compute longer than the milliseconds in which it is fed.
 */
export function engineOnDevices(backend: XlaBackend): Omit<Required<RunningEngine>, "description" | "stop"> {
  const { recorder } = backend;
  const settled = (functionName: string, tensor: tf.Tensor) => {
    const held = backend.held(tensor.dataId);
    recorder.settle(functionName, held);
    return held;
  };

  function write(to: Float, values: Float32Array, at = 0): void {
    expectFit("write", to, { at, length: values.length, room: to.size });
    recorder.expectNoWork("write");
    recorder.flush(); // what was recorded may read the old elements
    const held = settled("write", to);
    const whole = at === 0 && values.length === to.size;
    const elements = new Float32Array(to.size);
    if (!whole) held.copyTo(elements);
    elements.set(values, at);
    held.replace(elements);
  }

  function readSync(from: Float, into: Float32Array, at = 0): void {
    expectFit("read", from, { at, length: from.size, room: into.length });
    settled("read", from).copyTo(into.subarray(at, at + from.size));
  }

  async function read(from: Float, into: Float32Array, at = 0): Promise<void> {
    expectFit("read", from, { at, length: from.size, room: into.length });
    await settled("read", from).readInto(into.subarray(at, at + from.size));
  }

  const devices: Devices = {
    count: recorder.count,
    ...(recorder.processes.count > 1 && { processes: recorder.processes }),
    portable: true,
    place(tensors, device) {
      for (const tensor of tensors) settled("place", tensor).moveTo(device, recorder.client);
    },
    on: (device, work) => recorder.on(device, work),
    together: (work) => recorder.together(work),
  };

  const limitBytes = recorder.client.devices
    .slice(0, recorder.count)
    .reduce((sum, device) => sum + (device.memory()?.limit ?? Number.POSITIVE_INFINITY), 0);
  const memory = (): MemoryInUse => ({
    tensors: tf.memory().numTensors,
    bytes: backend.bytes,
    limitBytes,
  });
  return {
    layout: blockLayout,
    programs: { blockRows, batchRows: (recorder.client.platform === "cpu" ? 8 : 64) * blockRows },
    write,
    read,
    readSync,
    memory,
    cut: () => recorder.cut(),
    devices,
  };
}

function expectFit(
  functionName: string,
  tensor: tf.Tensor,
  { at, length, room }: { readonly at: number; readonly length: number; readonly room: number },
): void {
  if (tensor.dtype === "float32" && Number.isInteger(at) && at >= 0 && at + length <= room) return;
  throw new ShapeError(
    `${functionName}: elements do not fit. Got ${length} at ${at} where there is room for ${room}, and a ${tensor.dtype} tensor of ${tensor.size}, ` +
      "expected float32 and room for all of them. Check that they belong to this tensor.",
    { dtype: tensor.dtype, size: tensor.size, at, length, room },
  );
}
