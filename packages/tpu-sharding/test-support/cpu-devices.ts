import { cpu, defineEngine, type Devices, implement } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { allReduceOp } from "../src/collective-ops.ts";

/**
 * A stand-in for devices: tfjs's JavaScript kernels, which do one device's work after the other. Sums over devices are right where all do the
 * same.
 */
export function cpuDevices(count: number, { portable = true } = {}) {
  const where: { readonly placed: number[]; readonly done: string[] } = { placed: [], done: [] };
  const devices: Devices = {
    count,
    portable,
    place: (tensors, device) => {
      where.placed[device] = tensors.length;
    },
    on: (device, work) => {
      where.done.push(`on ${device}`);
      return work();
    },
    together: (work) => Array.from({ length: count }, (_, device) => work(device)),
  };
  const engine = defineEngine({
    name: "cpu devices",
    load: async () => {
      const parts = await cpu().load();
      const enter = () => implement(allReduceOp, parts.backend, ({ x }, _, { size }) => tf.mul(x, size));
      return { ...parts, enter, running: { ...parts.running, devices } };
    },
  });
  return { engine, where };
}
