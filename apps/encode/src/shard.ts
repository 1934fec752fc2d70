import { ConfigError } from "@kindred/errors";

/** Which part of a job a process does: that of a number, counted from 0, of so many. */
export type Shard = { readonly index: number; readonly of: number };

/** What an engine tells each of the processes that it starts, in its environment. */
const engines = [
  { name: "Kubernetes", index: "JOB_COMPLETION_INDEX" },
  {
    name: "Slurm",
    index: "SLURM_ARRAY_TASK_ID",
    count: "SLURM_ARRAY_TASK_COUNT",
    first: "SLURM_ARRAY_TASK_MIN",
    step: "SLURM_ARRAY_TASK_STEP",
  },
  { name: "AWS Batch", index: "AWS_BATCH_JOB_ARRAY_INDEX", count: "AWS_BATCH_JOB_ARRAY_SIZE" },
  { name: "Cloud Run", index: "CLOUD_RUN_TASK_INDEX", count: "CLOUD_RUN_TASK_COUNT" },
] as const;

type Environment = { readonly [name: string]: string | undefined };

/**
 * The shard that `--shard` names: `0/4` to `3/4`, or `auto`, the one that the engine says which started this process; `auto/4` where an engine does
 * not say how many there are.
 *
 * @throws ConfigError for another form, a number that is not below the count, and where no engine says anything
 */
export function shardOf(text: string, environment: Environment): Shard {
  const [, index = "", count] = /^(\d+|auto)(?:\/(\d+))?$/.exec(text) ?? [];
  if (index === "auto") return checked(autoShard(environment, wholeNumber(count)), text);
  const shard = { index: wholeNumber(index), of: wholeNumber(count) };
  if (shard.index === undefined || shard.of === undefined)
    throw new ConfigError(`--shard: no shard. Got ${JSON.stringify(text)}, expected 0/4 to 3/4 for four, or auto.`);
  return checked({ index: shard.index, of: shard.of }, text);
}

function checked(shard: Shard, text: string): Shard {
  if (shard.index < shard.of && shard.of <= 99_999) return shard;
  const rule = `of ${shard.of} shards the first is 0/${shard.of} and the last ${shard.of - 1}/${shard.of}`;
  throw new ConfigError(
    `--shard: there is no such shard. Got ${text} (${shard.index}/${shard.of}), but ${rule}.`,
    shard,
  );
}

function autoShard(environment: Environment, given: number | undefined): Shard {
  const engine = engines.find(({ index }) => environment[index] !== undefined);
  if (engine === undefined) {
    const names = engines.map(({ name, index }) => `${index} (${name})`).join(", ");
    throw new ConfigError(
      `--shard auto: no engine says which shard this is. Got none of ${names}. Say it: --shard 0/4.`,
    );
  }
  const told = (variable: string | undefined) =>
    variable === undefined ? undefined : wholeNumber(environment[variable]);
  const isArray = "first" in engine;
  const [id, of] = [told(engine.index), "count" in engine ? told(engine.count) : undefined];
  const first = (isArray ? told(engine.first) : undefined) ?? 0;
  const step = (isArray ? told(engine.step) : undefined) ?? 1;
  const index = id === undefined ? Number.NaN : (id - first) / step;
  if (!Number.isSafeInteger(index) || index < 0)
    throw new ConfigError(
      `--shard auto: ${engine.index} is no number of a shard. Got ${environment[engine.index]}, expected numbers one after another. Say it: --shard 0/4.`,
    );
  if (of !== undefined && given !== undefined && of !== given)
    throw new ConfigError(
      `--shard: ${engine.name} has another number of shards. Got auto/${given}, and it says ${of}.`,
    );
  const count = of ?? given;
  if (count === undefined)
    throw new ConfigError(
      `--shard auto: ${engine.name} does not say how many shards there are. Say it: --shard auto/4.`,
    );
  return { index, of: count };
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** The file of one shard of an output: `vectors-00000-of-00004.npy`. */
export function shardPath(output: string, { index, of }: Shard): string {
  const [, stem = output, ending = ""] = /^(.*?)(\.[^./\\]*)$/s.exec(output) ?? [];
  const digits = (number: number) => String(number).padStart(5, "0");
  return `${stem}-${digits(index)}-of-${digits(of)}${ending}`;
}
