import { type Client, PjrtError } from "@kindred/pjrt";
import { Graph } from "@kindred/stablehlo";
import type { EngineParts } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { engineOnDevices } from "./engine-on-devices.ts";
import { registerKernels } from "./kernels.ts";
import type { RecorderParts } from "./recorder.ts";
import { implementRules } from "./rules/implement-rules.ts";
import { XlaBackend } from "./xla-backend.ts";

/** What a running XLA engine has besides. */
export type XlaExtra = {
  /** The client of the plugin whose devices it drives. */
  readonly client: Client;
  readonly products: "float32" | "bfloat16";
};

/** An engine's parts, and what takes them out of tfjs again, once their client is closed or nobody runs them. */
export type PartsOnClient = { readonly parts: EngineParts<XlaExtra>; readonly remove: () => void };

/** What an engine on the first `count` devices of a client consists of. */
export async function partsOnClient(options: Omit<RecorderParts, "rowMajor">): Promise<PartsOnClient> {
  const { client, count, products } = options;
  const rowMajor = products === "bfloat16" && client.platform === "cpu" && takesRowMajor(client);
  const backend = new XlaBackend({ ...options, rowMajor });
  const name = nextName();
  tf.registerBackend(name, () => backend);
  implementRules();
  const forgetRules = registerKernels(name, backend);
  const remove = () => {
    forgetRules();
    for (const { kernelName } of tf.getKernelsForBackend(name)) tf.unregisterKernel(kernelName, name);
    tf.removeBackend(name);
  };
  try {
    if (tf.engine().registry[name] === undefined) await tf.setBackend(name);
  } catch (error) {
    remove();
    throw error;
  }
  const kind = client.devices[0]?.kind ?? client.platform;
  const description = `XLA on ${count === 1 ? kind : `${count} × ${kind}`}${products === "bfloat16" ? ", products in bfloat16" : ""}`;
  return { parts: { description, backend: name, running: { ...engineOnDevices(backend), client, products } }, remove };
}

/** Whether a plugin's compiler knows how to keep a matrix row after row: StableHLO leaves such calls to each. */
function takesRowMajor(client: Client): boolean {
  const graph = new Graph();
  const x = graph.parameter([2, 3], "bf16");
  try {
    client.compile(graph.program([graph.rowMajor(graph.transpose(x, [1, 0]))])).dispose();
    return true;
  } catch (error) {
    if (error instanceof PjrtError) return false;
    throw error;
  }
}

let opened = 0;

/** A name of tfjs's for another backend: each client has one. */
function nextName(): string {
  opened++;
  return opened === 1 ? "xla" : `xla ${opened}`;
}
