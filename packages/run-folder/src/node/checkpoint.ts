import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError, FormatError } from "@kindred/errors";
import { writeChunks, writeFolderAtomic } from "@kindred/files/node";
import { writeModelFolder } from "@kindred/model-folder/node";
import { fromFloat32, planSafetensors, toFloat32 } from "@kindred/tensor-files";
import { openSafetensors } from "@kindred/tensor-files/node";
import type { Checkpoint, StoredState, TrainerState } from "@kindred/trainer";

/** A checkpoint that a run can go on from. */
export type ResumePoint = {
  readonly folder: string;
  readonly state: TrainerState;
  /** Why newer checkpoints could not be used, in a sentence each. */
  readonly damaged: readonly string[];
};

/** The files of a checkpoint with the SHA-256 of each. */
const checksumsFile = "checksums.json";

/**
 * Writes `checkpoint-<step>` into a run's folder: the model as a sentence-transformers folder, what the optimizer remembers, the
 * state, and the checksums of all. It is whole or absent, and written as a stream. Gives its path.
 */
export async function writeCheckpoint(run: string, { model, others, state }: Checkpoint): Promise<string> {
  const folder = checkpointFolder(run, state.step);
  const write = async (temporary: string) => {
    const checksums: { [path: string]: string } = { ...(await writeModelFolder(temporary, model)) };
    const write = async (name: string, chunks: Parameters<typeof writeChunks>[1]) => {
      checksums[name] = await writeChunks(join(temporary, name), chunks);
    };
    await write("optimizer.safetensors", safetensorsOf(others));
    await write("trainer_state.json", [jsonLine(state)]);
    await writeChunks(join(temporary, checksumsFile), [jsonLine(checksums)]);
  };
  await writeFolderAtomic(folder, write, { replace: true });
  return folder;
}

function jsonLine(value: unknown): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value)}\n`);
}

/** Arrays as a safetensors file: their sizes stand before the first of them, and each is read when its turn comes. */
async function* safetensorsOf(arrays: Checkpoint["others"]): AsyncGenerator<Uint8Array, void> {
  const sizes = arrays.map(({ name, shape }) => [name, { dtype: "F32", shape }] as const);
  yield planSafetensors(sizes, { asGiven: true }).header;
  for (const { shape, read } of arrays) yield fromFloat32(await read(), shape, "F32", { copy: false }).bytes;
}

/**
 * Whether a run has a checkpoint, whole or damaged: one that was killed before its first can only begin again.
 *
 * @example
 * ```ts
 * import { hasCheckpoint } from "@kindred/run-folder/node";
 *
 * await hasCheckpoint("runs/that-is-not-there"); // => false
 * ```
 */
export async function hasCheckpoint(run: string): Promise<boolean> {
  return (await checkpointSteps(run)).length > 0;
}

/**
 * The newest whole checkpoint of a run: every file of it is read and compared with its checksum. One that is damaged is named, and the one
 * before it taken.
 *
 * @throws ConfigError if the run has none; FormatError if all are damaged.
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
  if (steps.length === 0)
    throw new ConfigError(
      `train: ${run} has no checkpoint to go on from. Begin a new run, and lower saveSteps (--save-steps) if it is cut off so early again.`,
      { run },
    );
  const damaged: FormatError[] = [];
  for (const step of steps.reverse()) {
    const folder = checkpointFolder(run, step);
    try {
      return { folder, state: await checkedState(folder, step), damaged: damaged.map(({ message }) => message) };
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      damaged.push(error);
    }
  }
  throw damaged[0];
}

async function checkedState(folder: string, step: number): Promise<TrainerState> {
  const file = join(folder, "trainer_state.json");
  const expected = checksumsOf(await readText(join(folder, checksumsFile)), join(folder, checksumsFile));
  for (const [path, checksum] of Object.entries(expected)) {
    if ((await sha256Of(join(folder, path))) === checksum) continue;
    throw new FormatError({ file: join(folder, path) }, "is damaged: its bytes are not those that were written.");
  }
  const state = stateOf(await readText(file), file);
  if (state.step === step) return state;
  throw new FormatError({ file }, `Got step ${state.step}, expected ${step} as in the folder's name.`);
}

async function readText(file: string): Promise<string> {
  return readFile(file, "utf8").catch((cause: Error) => {
    throw new FormatError({ file }, `cannot be read: ${cause.message}.`, {}, { cause });
  });
}

function checksumsOf(text: string, file: string): { readonly [path: string]: string } {
  try {
    const checksums: unknown = JSON.parse(text);
    if (typeof checksums === "object" && checksums !== null && "trainer_state.json" in checksums)
      return checksums as { readonly [path: string]: string }; // a value that is no string equals no checksum
  } catch {
    // said below
  }
  throw new FormatError({ file }, `no checksums. Got ${text.slice(0, 40)}, expected { "<file>": "<SHA-256>", … }.`);
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: 2 ** 20 })) hash.update(chunk);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FormatError({ file }, `cannot be read: ${reason}.`, {}, { cause });
  }
  return hash.digest("hex");
}

function stateOf(text: string, file: string): TrainerState {
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
    `not the state of a run. Got ${text.slice(0, 40)}, expected { step, cursor, seconds }.`,
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

/** What of a run's checkpoints to keep. */
type KeptCheckpoints = {
  /** The step of the newest one. Later ones are of a run that went another way. */
  readonly step: number;
  /** The step of the best one, if one is known. */
  readonly best: number | undefined;
  /** How many to keep, the best one among them; 0 = all. */
  readonly keep: number;
};

/** Deletes all but the newest checkpoints of a run and its best one. The newest is kept in any case: the run goes on from it. */
export async function dropOldCheckpoints(run: string, { step, best, keep }: KeptCheckpoints): Promise<void> {
  if (keep === 0) return;
  const earlier = (await checkpointSteps(run)).filter((other) => other <= step);
  const isApart = best !== undefined && !earlier.slice(-keep).includes(best);
  const newest = earlier.slice(-Math.max(1, isApart ? keep - 1 : keep));
  for (const old of earlier)
    if (old !== best && !newest.includes(old)) await rm(checkpointFolder(run, old), { recursive: true });
}

/** Where the checkpoint of a step lies. */
export function checkpointFolder(run: string, step: number): string {
  return join(run, `checkpoint-${step}`);
}

async function checkpointSteps(run: string): Promise<number[]> {
  const names = await readdir(run).catch(() => [] as string[]);
  const steps = names.flatMap((name) => /^checkpoint-(\d+)$/.exec(name)?.[1] ?? []);
  return steps.map(Number).sort((a, b) => a - b);
}
