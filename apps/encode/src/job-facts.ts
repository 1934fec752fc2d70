import { stat } from "node:fs/promises";
import { packageVersion } from "@kindred/command-line/node";
import { ConfigError } from "@kindred/errors";
import { endsNormalized } from "@kindred/pooling";
import type { SentenceModel } from "@kindred/sentence-encoder";
import type { VectorForm } from "@kindred/vector-files";
import { finishedVectorFile, jobChanges, type VectorFacts } from "@kindred/vector-files/node";
import type { EncodeFileRequest } from "./encode-file.ts";
import type { WindowMark } from "./encode-rows.ts";
import type { InputRows } from "./input-rows.ts";
import { digestOf } from "./row-windows.ts";
import type { Shard } from "./shard.ts";

/** All that decides which vectors are written, apart from the rows themselves. */
export async function jobFacts(
  { flags, model, windowRows }: EncodeFileRequest & { readonly windowRows: number },
  form: VectorForm,
  shard: Shard | undefined,
): Promise<VectorFacts> {
  const isScalar = flags.precision === "int8" || flags.precision === "uint8";
  return {
    modelSha256: await model.sha256(),
    backend: flags.backend === "xla" ? `xla, ${flags.products ?? "float32"}` : flags.backend,
    weights: flags.weights,
    precision: flags.precision,
    calibration: isScalar ? (flags.calibration === "" ? "the first rows" : flags.calibration) : null,
    promptName: flags.promptName === "" ? null : flags.promptName,
    prompt: flags.prompt ?? null,
    maxLength: flags.maxLength ?? null,
    truncateDim: flags.truncateDim ?? null,
    normalizeEmbeddings: flags.normalizeEmbeddings,
    specialTokens: flags.specialTokens ?? null,
    textField: flags.textField,
    idField: flags.idField === "" ? null : flags.idField,
    ids: flags.idField !== "",
    texts: flags.texts && form.holds.texts,
    windowRows,
    shard: shard === undefined ? null : `${shard.index}/${shard.of}`,
  };
}

/** The input as a manifest tells it: its files, how many rows it has, and their digest. */
export type InputFacts = {
  readonly files: readonly { readonly file: string; readonly bytes: number; readonly modified: string }[];
  readonly rows: number;
  readonly sha256: string;
};

/** What the system says of the input's files; nothing of standard input and of what is no file. */
export async function fileFacts(files: readonly string[]): Promise<InputFacts["files"]> {
  const facts = files.map(async (file) => {
    const state = await stat(file).catch(() => undefined);
    return state?.isFile() === true ? [{ file, bytes: state.size, modified: state.mtime.toISOString() }] : [];
  });
  return (await Promise.all(facts)).flat();
}

/** What a manifest says beside the job: the model by name, what it was asked for, and what became of the rows. */
export function resultFacts(
  { flags, model }: EncodeFileRequest,
  { settings, modules }: SentenceModel,
  {
    marks,
    rows,
    input,
  }: { readonly marks: readonly WindowMark[]; readonly rows: InputRows; readonly input: InputFacts },
): VectorFacts {
  const sum = (what: "truncated" | "distinctTexts") => marks.reduce((total, mark) => total + mark[what], 0);
  return {
    model: model.name,
    revision: model.revision ?? null,
    normalized: flags.normalizeEmbeddings || endsNormalized(modules),
    maxSeqLength: flags.maxLength ?? settings.maxSeqLength,
    similarity: settings.similarityFunction,
    ...{ truncated: sum("truncated"), distinctTexts: sum("distinctTexts") },
    badRows: { ...rows.bad },
    input,
    writtenWith: `kindred ${packageVersion(new URL("../package.json", import.meta.url))}`,
  };
}

/**
 * Whether a file is there that this very job has written of these very rows.
 *
 * @throws ConfigError saying what differs, if another job did, or of other rows
 */
export async function isDone(
  output: string,
  job: VectorFacts,
  { flags, rows }: Pick<EncodeFileRequest, "flags"> & { readonly rows: InputRows },
): Promise<boolean> {
  const finished = await finishedVectorFile(output);
  if (finished === undefined) return false;
  const changes = jobChanges(finished, job);
  const input = finished["input"] as InputFacts | undefined; // of this version's own manifest, or refused as another job's
  if (changes.length === 0 && input !== undefined) {
    const files = await fileFacts(flags.input);
    const isUntouched = files.length === flags.input.length && JSON.stringify(files) === JSON.stringify(input.files);
    if (flags.input.length > 0 && isUntouched) return true;
    if ((await digestOf(rows)).sha256 === input.sha256) return true;
    changes.push(`the input had other rows (${input.rows.toLocaleString("en")})`);
  }
  const what = changes.length === 0 ? "another version's" : changes.join("; ");
  throw new ConfigError(
    `--output: ${output} is done, and was made otherwise: ${what}. Choose another output, or replace it with --overwrite.`,
    { output },
  );
}
