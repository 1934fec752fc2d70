import type * as tf from "@tensorflow/tfjs-core";
import type { TapeNode } from "./record-tape.ts";

/** A node on the way from a source to the target, with the inputs that depend on a source. */
export type PathNode = {
  readonly node: TapeNode;
  readonly inputs: readonly (readonly [name: string, tensor: tf.Tensor])[];
};

/**
 * The nodes of a tape through which `target` depends on `sources`, in the order of the tape. Conditions, indices and whatever else is not
 * float32 carry no gradient: a path ends there.
 */
export function nodesBetween(tape: readonly TapeNode[], sources: Iterable<tf.Tensor>, target: tf.Tensor): PathNode[] {
  const fromSources = new Set(Array.from(sources, ({ id }) => id));
  const reached: PathNode[] = [];
  for (const node of tape) {
    const inputs: [string, tf.Tensor][] = [];
    for (const [name, tensor] of Object.entries(node.inputs)) {
      if (tensor !== undefined && fromSources.has(tensor.id)) inputs.push([name, tensor]);
    }
    if (inputs.length === 0) continue;
    for (const { id, dtype } of node.outputs) if (dtype === "float32") fromSources.add(id);
    reached.push({ node, inputs });
  }
  const toTarget = new Set([target.id]);
  const path = reached.reverse().filter(({ node, inputs }) => {
    if (!node.outputs.some(({ id }) => toTarget.has(id))) return false;
    for (const [, { id }] of inputs) toTarget.add(id);
    return true;
  });
  return path.reverse();
}
