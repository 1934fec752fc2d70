import * as tf from "@tensorflow/tfjs-core";
import type { HostData } from "./define-op.ts";
import { type OpAttributes, replaceKernel } from "./implement.ts";

/** What one kernel did while it was measured. */
export type KernelProfile = {
  readonly name: string;
  readonly calls: number;
  /** Time in the kernel itself, without that of kernels that it calls. */
  readonly milliseconds: number;
  /** Bytes of its inputs and outputs, summed over the calls. */
  readonly bytes: number;
  /** Floating-point operations, summed over the calls; 0 where nobody counts them. */
  readonly flops: number;
};

/** Everything that was measured. */
export type Profile = {
  /** One a kernel that was called, the longest first. */
  readonly kernels: readonly KernelProfile[];
  /** From the start of measuring to its end. The rest of it, beside the kernels' time, is outside any kernel. */
  readonly milliseconds: number;
};

/** How many floating-point operations a call takes, by the kernel's name, the shapes of its inputs and, of an op, its data. */
export type CountFlops = (
  name: string,
  inputs: { readonly [input: string]: readonly number[] },
  data: HostData,
) => number;

/**
 * Measures every kernel of the active backend from now until `stop`, which gives what was measured and puts the kernels back.
 *
 * Kernels that are registered later (an op's composite at its first use) are not seen: call it after a first pass. Measuring
 * costs about a microsecond a call.
 *
 * @example
 * ```ts
 * import { cpu, profileKernels } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * const { stop } = profileKernels();
 * tf.add(tf.tensor1d([1, 2]), tf.tensor1d([3, 4]));
 * stop().kernels.map(({ name, calls, bytes }) => [name, calls, bytes]); // => [["Add", 1, 24]]
 * ```
 */
export function profileKernels({
  countFlops = () => 0,
}: {
  /** Counts a call's arithmetic. Default: nobody does. */
  readonly countFlops?: CountFlops;
} = {}): {
  /** Puts the kernels back and gives what was measured. */
  readonly stop: () => Profile;
} {
  const backend = tf.getBackend();
  const totals = new Map<string, { calls: number; milliseconds: number; bytes: number; flops: number }>();
  const inCalls: { nested: number }[] = [];
  const started = performance.now();
  const givesBack = tf
    .getKernelsForBackend(backend)
    .map(({ kernelName, kernelFunc }) => replaceKernel(kernelName, backend, measured(kernelName, kernelFunc)));

  function measured(name: string, kernelFunc: tf.KernelFunc): tf.KernelFunc {
    return (call) => {
      const own = { nested: 0 };
      inCalls.push(own);
      const begin = performance.now();
      try {
        const result = kernelFunc(call);
        const outputs = Array.isArray(result) ? result : [result];
        const total = totals.get(name) ?? { calls: 0, milliseconds: 0, bytes: 0, flops: 0 };
        totals.set(name, total);
        total.calls++;
        total.bytes += bytesOf([...Object.values(call.inputs), ...outputs]);
        const { data = {} } = (call.attrs ?? {}) as Partial<OpAttributes<HostData, unknown>>;
        total.flops += countFlops(name, shapesOf(call.inputs), data);
        return result;
      } finally {
        const time = performance.now() - begin;
        inCalls.pop();
        const caller = inCalls.at(-1);
        if (caller !== undefined) caller.nested += time;
        const total = totals.get(name);
        if (total !== undefined) total.milliseconds += time - own.nested;
      }
    };
  }

  return {
    stop() {
      const milliseconds = performance.now() - started;
      for (const giveBack of givesBack) giveBack();
      const kernels = Array.from(totals, ([name, total]) => ({ name, ...total }));
      return { kernels: kernels.sort((a, b) => b.milliseconds - a.milliseconds), milliseconds };
    },
  };
}

function shapesOf(inputs: tf.NamedTensorInfoMap): { [input: string]: readonly number[] } {
  return Object.fromEntries(
    Object.entries(inputs).flatMap(([name, input]) => (input === undefined ? [] : [[name, input.shape]])),
  );
}

/** Four bytes an element; an optional input may be missing. */
function bytesOf(tensors: readonly (tf.TensorInfo | undefined)[]): number {
  return tensors.reduce((sum, tensor) => sum + (tensor === undefined ? 0 : 4 * size(tensor.shape)), 0);
}

function size(shape: readonly number[]): number {
  return shape.reduce((product, axis) => product * axis, 1);
}

/**
 * A profile as a table for people: time, its share, calls, GFLOP/s and GB/s of every kernel, and what was outside any kernel.
 *
 * @example
 * ```ts
 * import { profileTable } from "@kindred/tensor";
 *
 * const kernels = [{ name: "KindredLinear", calls: 2, milliseconds: 6, bytes: 3e6, flops: 6e8 }];
 * profileTable({ kernels, milliseconds: 8 }).split("\n").length; // => 4
 * ```
 */
export function profileTable({ kernels, milliseconds }: Profile): string {
  const share = (time: number) => `${((100 * time) / milliseconds).toFixed(1)} %`;
  const inKernels = kernels.reduce((sum, kernel) => sum + kernel.milliseconds, 0);
  const rows = kernels.map((kernel) => [
    kernel.name,
    kernel.milliseconds.toFixed(1),
    share(kernel.milliseconds),
    `${kernel.calls}`,
    kernel.flops === 0 ? "" : (kernel.flops / kernel.milliseconds / 1e6).toFixed(1),
    (kernel.bytes / kernel.milliseconds / 1e6).toFixed(1),
  ]);
  const outside = milliseconds - inKernels;
  const titles = ["kernel", "ms", "share", "calls", "GFLOP/s", "GB/s"];
  const lines = [
    titles,
    ...rows,
    ["outside any kernel", outside.toFixed(1), share(outside), "", "", ""],
    ["all", milliseconds.toFixed(1), "", "", "", ""],
  ];
  const widths = titles.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell[column === 0 ? "padEnd" : "padStart"](widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
