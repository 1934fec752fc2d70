import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { trainConfig, type TrainEvent } from "@kindred/trainer";
import { train, type TrainOptions } from "../src/train.ts";
import { toyRunOfTest } from "./toy-training.ts";

/** A toy run of two texts a row, and its program in a file that lies where no package can be found. */
export function prepare(source: string, given: { readonly [name: string]: unknown } = {}) {
  const { folder, options } = toyRunOfTest();
  const file = join(folder, "program.mjs");
  writeFileSync(file, source);
  return { folder, file, program: pathToFileURL(file), config: trainConfig({ ...options, evalSteps: 0, ...given }) };
}

/** Everything that a run tells. */
export async function eventsOf(run: ReturnType<typeof prepare>, options: TrainOptions = {}): Promise<TrainEvent[]> {
  const events: TrainEvent[] = [];
  for await (const event of train(run.config, { program: run.program, ...options })) events.push(event);
  return events;
}

/** A program whose loss is Matryoshka's. */
export const cut = "export default ({ matryoshka, contrastive }) => ({ loss: matryoshka(contrastive(), [16, 4]) });";
