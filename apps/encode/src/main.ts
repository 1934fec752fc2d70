import { statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename } from "node:path";
import { checkOutputFile, chooseEngine, exitCodeOf, printAsked, readCommand } from "@kindred/command-line/node";
import { ConfigError } from "@kindred/errors";
import { modelFolder } from "@kindred/hub/node";
import { modelFingerprint } from "@kindred/model-folder/node";
import { countFlops } from "@kindred/nn";
import type { OptionValues } from "@kindred/options";
import type { EncodeOptions, SentenceEncoder } from "@kindred/sentence-encoder";
import { loadSentenceEncoder } from "@kindred/sentence-encoder/node";
import { profileKernels, profileTable } from "@kindred/tensor";
import { checkVectorFile } from "@kindred/vector-files";
import { checkLimits } from "./check-limits.ts";
import { encodeFlags, encodeHelp } from "./encode-flags.ts";
import { encodeTexts, truncationNote } from "./encode-texts.ts";
import { filesAmong } from "./input-rows.ts";

type Flags = OptionValues<typeof encodeFlags>;

const manifest = new URL("../package.json", import.meta.url);

/** A subcommand: the first argument is its name. */
type Subcommand = (argv: readonly string[], signal: AbortSignal) => Promise<void>;

/** Each is loaded when it is asked for, so that no command waits for another's code. */
const subcommands = new Map<string | undefined, Subcommand>(
  Object.entries({
    tokenize: async (argv, signal) => (await import("./tokenize.ts")).tokenize(argv, signal),
    inspect: async (argv, signal) => (await import("./inspect.ts")).inspect(argv, signal),
    merge: async (argv, signal) => (await import("./merge.ts")).merge(argv, signal),
    serve: async (argv, signal) => (await import("./serve.ts")).serve(argv, signal),
    index: async (argv, signal) => (await import("./search/index-texts.ts")).indexTexts(argv, signal),
    search: async (argv, signal) => (await import("./search/search-texts.ts")).searchTexts(argv, signal),
  } satisfies { readonly [name: string]: Subcommand }),
);

/** Runs `kindred-encode` with these arguments and gives its exit code. */
export function main(argv: readonly string[]): Promise<number> {
  const subcommand = subcommands.get(argv[0]);
  return exitCodeOf((signal) => (subcommand === undefined ? run(argv, signal) : subcommand(argv.slice(1), signal)));
}

async function run(argv: readonly string[], signal: AbortSignal): Promise<void> {
  const { flags: said, positionals } = readCommand("kindred-encode", encodeFlags, argv);
  if (printAsked(said, { help: encodeHelp, manifest })) return;
  const isOfFiles = said.input.length > 0;
  const texts = isOfFiles ? [] : positionals;
  const flags = isOfFiles ? { ...said, input: [...said.input, ...filesAmong("kindred-encode", positionals)] } : said;
  refuseContradictions(flags, texts);
  checkOutput(flags);
  const engine = await chooseEngine(flags, {
    where: "kindred-encode",
    onCompile: ({ hash, seconds, fromCache, reason }) => tellOf({ program: hash, seconds, fromCache, reason }, flags),
  });
  const folder = await modelFolder(flags.model, {
    offline: flags.offline,
    signal,
    ...(flags.quiet ? {} : { sink: process.stderr }),
  });
  const options = { ...encodeOptions(flags), signal };
  let profiler: ReturnType<typeof profileKernels> | undefined;
  const load = async (): Promise<SentenceEncoder> => {
    const onWarning = (message: string) => void process.stderr.write(`${message}\n`);
    const given = { cores: coresFor(flags), engine, weights: flags.weights, onWarning };
    const encoder = await loadSentenceEncoder(folder, given);
    if (flags.maxLength !== undefined || flags.truncateDim !== undefined) checkLimits(flags, encoder.model);
    if (!flags.profile) return encoder;
    await encoder.encode("", options); // so that every op has its kernel
    profiler = profileKernels({ countFlops });
    return encoder;
  };
  if (isOfFiles || flags.output !== "") {
    const revision = folder === flags.model ? undefined : basename(folder); // a snapshot's folder is called after its commit
    const name = revision === undefined ? flags.model : flags.model.replace(/@.*$/, "");
    const model = { name, revision, sha256: () => modelFingerprint(folder) };
    const { encodeFile } = await import("./encode-file.ts");
    await encodeFile({ flags, texts, model, load, options });
  } else {
    await using encoder = await load();
    if (flags.format === "arrow") await encodeStreams(encoder, flags, options);
    else await encodeTexts(encoder, texts, { flags, options });
  }
  if (profiler !== undefined) process.stderr.write(`${profileTable(profiler.stop())}\n`);
}

function encodeOptions(flags: Flags) {
  const { maxLength, promptName, prompt, truncateDim, normalizeEmbeddings, specialTokens, maxBatchTokens } = flags;
  return {
    ...(maxLength === undefined ? {} : { maxLength }),
    ...(promptName === "" ? {} : { promptName }),
    ...(prompt === undefined ? {} : { prompt }),
    ...(truncateDim === undefined ? {} : { truncateDim }),
    ...(specialTokens === undefined ? {} : { specialTokens }),
    normalizeEmbeddings,
    ...(maxBatchTokens === undefined ? {} : { maxBatchTokens }),
  };
}

/** Encodes record batches of standard input to standard output. */
async function encodeStreams(
  encoder: SentenceEncoder,
  { textField, vectorField, onBadRow, quiet }: Flags,
  options: EncodeOptions & { readonly signal: AbortSignal },
): Promise<void> {
  const { encodeArrow } = await import("./encode-arrow.ts"); // Arrow is large, and read where it is wanted
  const streams = { input: process.stdin, output: process.stdout };
  const { rows, truncated, badRows } = await encodeArrow(encoder, streams, {
    ...options,
    textField,
    vectorField,
    onBadRow,
  });
  if (quiet) return;
  process.stderr.write(truncationNote(truncated, rows));
  if (badRows > 0) process.stderr.write(`${badRows} of ${rows} rows had no text.\n`);
}

/** Tells of a program that was compiled: some devices take minutes for one, and nothing else is to be seen then. */
function tellOf(
  program: { readonly program: string; readonly seconds: number; readonly fromCache: boolean; readonly reason: string },
  { json, output, quiet }: Flags,
): void {
  if (json && output !== "") process.stdout.write(`${JSON.stringify({ type: "compile", ...program })}\n`);
  else if (!quiet && program.seconds > 5)
    process.stderr.write(`${program.fromCache ? "Loaded" : "Compiled"} a program in ${program.seconds.toFixed(1)} s\n`);
}

/** The worker threads that encode; 0 for this one. */
function coresFor({ backend, cores, profile, input, format }: Flags): number {
  if (backend === "xla" || profile) return 0;
  return cores > 0 ? cores : input.length === 0 && format === undefined ? 0 : availableParallelism();
}

function refuseContradictions(flags: Flags, texts: readonly string[]): void {
  const { model, input, output, similarity, precision, ...engine } = flags;
  const refuse = (message: string): never => {
    throw new ConfigError(`kindred-encode: ${message}`);
  };
  if (model === "") refuse("--model is missing. Expected --model FOLDER. See --help.");
  const others = [
    ...(input.length > 0 || output !== "" ? ["--input and --output"] : []),
    ...(similarity ? ["--similarity"] : []),
    ...(flags.json ? ["--json"] : []),
    ...(flags.idField === "" ? [] : ["--id-field"]),
    ...(precision === "float32" ? [] : ["--precision"]),
    ...texts,
  ];
  if (flags.format === "arrow" && others.length > 0)
    refuse(
      `--format arrow reads standard input and writes standard output, and nothing else. Got ${others[0]}. Leave it out.`,
    );
  if (flags.format === undefined && input.length === 0 && texts.length === 0)
    refuse("nothing to encode. Give texts, or --input FILE. See --help.");
  if (similarity && (input.length > 0 || output !== "" || precision !== "float32"))
    refuse("--similarity compares texts on the command line. Leave out --input, --output and --precision.");
  if (output === "" && (flags.shard !== "" || flags.overwrite))
    refuse(`${flags.shard === "" ? "--overwrite" : "--shard"} is about a file. Say which: --output FILE.`);
  if (flags.calibration !== "" && precision !== "int8" && precision !== "uint8")
    refuse(`--calibration is for 8-bit numbers. Got --precision ${precision}. Leave it out, or say --precision int8.`);
  if (
    input.length === 0 &&
    flags.format === undefined &&
    (flags.idField !== "" || flags.onBadRow !== "stop" || flags.inputFormat !== undefined)
  )
    refuse("--id-field, --on-bad-row and --input-format are about rows of files. Give --input FILE.");
  if (engine.backend === "xla" && engine.cores > 0)
    refuse(
      `--cores are worker threads, of which --backend xla has none. Got ${engine.cores}. Leave it out, or say how many devices (--devices).`,
    );
  if (engine.backend === "xla" && engine.profile)
    refuse(
      "--profile measures op by op, and --backend xla runs whole programs. Leave it out, or choose --backend wasm.",
    );
}

/** Refuses an output that cannot be written, or that would replace what is read. */
function checkOutput({ output, input, calibration }: Flags): void {
  if (output === "") return;
  checkVectorFile(output, "--output");
  checkOutputFile("--output", output);
  const same = [...input, calibration].find((file) => file !== "" && isSameFile(file, output));
  if (same !== undefined)
    throw new ConfigError(`--output: the same file as is read. Got ${output} and ${same}. Choose another output.`);
}

function isSameFile(a: string, b: string): boolean {
  const [one, other] = [a, b].map((file) => statSync(file, { throwIfNoEntry: false }));
  return one !== undefined && other !== undefined && one.ino === other.ino && one.dev === other.dev;
}
