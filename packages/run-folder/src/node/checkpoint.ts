import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError, FormatError } from "@kindred/errors";
import { writeModelFolder } from "@kindred/model-folder/node";
import { fromFloat32, type NamedTensor, toFloat32, writeSafetensors } from "@kindred/tensor-files";
import { writeFileAtomic, writeFolderAtomic } from "@kindred/files/node";
import { openSafetensors } from "@kindred/tensor-files/node";
import type { Checkpoint, StoredState, TrainerState } from "@kindred/trainer";

/** A checkpoint that a run can go on from. */
export type ResumePoint = { readonly folder: string; readonly state: TrainerState };

/**
 * Writes `checkpoint-<step>` into a run's folder: the model as a sentence-transformers folder, what the optimizer remembers and the
 * state. It is whole or absent. Gives its path.
 */
export async function writeCheckpoint(run: string, { model, others, state }: Checkpoint): Promise<string> {
  const folder = join(run, `checkpoint-${state.step}`);
  const named: [name: string, tensor: NamedTensor][] = [];
  for await (const [name, { values, shape }] of others) named.push([name, fromFloat32(values, shape)]);
  const write = async (temporary: string) => {
    await writeModelFolder(temporary, model);
    await writeFileAtomic(join(temporary, "optimizer.safetensors"), writeSafetensors(named));
    await writeFileAtomic(
      join(temporary, "trainer_state.json"),
      new TextEncoder().encode(`${JSON.stringify(state)}\n`),
    );
  };
  await writeFolderAtomic(folder, write, { replace: true });
  return folder;
}

/**
 * The newest checkpoint of a run.
 *
 * @throws ConfigError if the run has none; FormatError if it is damaged.
 *
 * @example
 * ```ts ignore
 * import { trainConfig } from "@kindred/trainer";
 * import { readRunConfig, resumePoint } from "@kindred/run-folder/node";
 * import { train } from "@kindred/train";
 *
 * const resume = await resumePoint("my-run");
 * const config = trainConfig({}, { base: { ...readRunConfig("my-run"), output: "my-run" } });
 * for await (const event of train(config, { resume })) console.log(event.type); // steps from resume.state.step on
 * ```
 */
export async function resumePoint(run: string): Promise<ResumePoint> {
  const steps = await checkpointSteps(run);
  const newest = steps.at(-1);
  if (newest === undefined)
    throw new ConfigError(
      `train: ${run} has no checkpoint to go on from. Start anew, or lower saveSteps for the next run.`,
      { run },
    );
  const folder = join(run, `checkpoint-${newest}`);
  const file = join(folder, "trainer_state.json");
  const state = stateOf(await readFile(file, "utf8").catch((cause: Error) => cause), file);
  if (state.step !== newest)
    throw new FormatError({ file }, `Got step ${state.step}, expected ${newest} as in the folder's name.`);
  return { folder, state };
}

function stateOf(text: string | Error, file: string): TrainerState {
  if (text instanceof Error) throw new FormatError({ file }, `cannot be read: ${text.message}.`, {}, { cause: text });
  try {
    const state = JSON.parse(text) as Partial<TrainerState> | null;
    const { step, seconds, cursor } = state ?? {};
    if (Number.isSafeInteger(step) && typeof seconds === "number" && typeof cursor === "object" && cursor !== null)
      return state as TrainerState;
  } catch {
    // said below
  }
  throw new FormatError(
    { file },
    `not the state of a run. Got ${text.slice(0, 40)}, expected { step, cursor, seconds }. Go on from an earlier checkpoint: delete this one.`,
  );
}

/**
 * What a checkpoint holds beside its model: what the optimizer remembers, under `<slot>.<parameter>`, and weights that are no part of the
 * model, read one after another. `trainingSteps` of `@kindred/trainer` knows whether all is there.
 *
 * @throws FormatError naming the file, from `values`, if it cannot be read.
 *
 * @example
 * ```ts ignore
 * import { readOthers, resumePoint } from "@kindred/run-folder/node";
 * import { trainingSteps } from "@kindred/trainer";
 *
 * const { folder } = await resumePoint("my-run");
 * const steps = trainingSteps(config, model, { engine, state: readOthers(folder) });
 * ```
 */
export function readOthers(folder: string): StoredState {
  const file = join(folder, "optimizer.safetensors");
  async function* values() {
    await using stored = await openSafetensors(file);
    for (const name of stored.tensors.keys()) yield [name, toFloat32(await stored.read(name))] as const;
  }
  return { file, values: values() };
}

/** Deletes all but the newest `keep` checkpoints of a run; 0 keeps all. */
export async function dropOldCheckpoints(run: string, keep: number): Promise<void> {
  if (keep === 0) return;
  for (const step of (await checkpointSteps(run)).slice(0, -keep))
    await rm(join(run, `checkpoint-${step}`), { recursive: true });
}

async function checkpointSteps(run: string): Promise<number[]> {
  const names = await readdir(run).catch(() => [] as string[]);
  const steps = names.flatMap((name) => /^checkpoint-(\d+)$/.exec(name)?.[1] ?? []);
  return steps.map(Number).sort((a, b) => a - b);
}
