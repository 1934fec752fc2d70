import { join } from "node:path";
import type { RunFolder } from "@kindred/run-folder/node";
import type { Devices, Engine } from "@kindred/tensor";
import type { TrainConfig } from "@kindred/trainer";

/** Of an engine that spreads a run over processes, on as many hosts: which of them this is. One that other threads find spreads none. */
export async function processesOn(engine: Engine): Promise<Devices["processes"]> {
  if (engine.module !== undefined) return undefined;
  const running = await engine.start();
  running.stop(); // the run starts it again
  return running.devices?.processes;
}

/**
 * The folder of a run that the first of its processes keeps. Each process holds all weights and moments, so nothing need be gathered, and what
 * the others would write is the same.
 */
export function keptElsewhere({ output }: TrainConfig): RunFolder {
  return {
    events: [],
    read: () => {},
    writeFile: async () => {},
    saveCheckpoint: async ({ state }) => join(output, `checkpoint-${state.step}`),
    saveModel: async () => join(output, "model"),
  };
}
