import { checkOutputFile, chooseEngine, exitCodeOf, packageVersion, parseFlags } from "@kindred/command-line/node";
import { ConfigError } from "@kindred/errors";
import { modelFolder } from "@kindred/hub/node";
import { countFlops } from "@kindred/nn";
import { checkOptions, flagName, type OptionValues } from "@kindred/options";
import type { EncodeOptions, SentenceEncoder, SentenceModel } from "@kindred/sentence-encoder";
import { loadSentenceEncoder } from "@kindred/sentence-encoder/node";
import { profileKernels, profileTable } from "@kindred/tensor";
import { availableParallelism } from "node:os";
import { encodeFlags, encodeHelp } from "./encode-flags.ts";
import { checkVectorFile, encodeFile, encodeTexts, truncationNote } from "./encode-texts.ts";
import { inspect } from "./inspect.ts";
import { tokenize } from "./tokenize.ts";

type Flags = OptionValues<typeof encodeFlags>;

const manifest = new URL("../package.json", import.meta.url);

/** Runs `kindred-encode` with these arguments and gives its exit code. */
export function main(argv: readonly string[]): Promise<number> {
  return exitCodeOf((signal) => {
    const [subcommand, ...rest] = argv; // a subcommand only as the first argument
    if (subcommand === "tokenize") return tokenize(rest, signal);
    return subcommand === "inspect" ? inspect(rest, signal) : run(argv, signal);
  });
}

async function run(argv: readonly string[], signal: AbortSignal): Promise<void> {
  const { given, positionals: texts } = parseFlags(encodeFlags, argv);
  const flags = checkOptions(encodeFlags, given, "kindred-encode", { named: flagName });
  if (flags.help) return void process.stdout.write(encodeHelp());
  if (flags.version) return void process.stdout.write(`${packageVersion(manifest)}\n`);
  refuseContradictions(flags, texts);
  if (flags.output !== "") checkVectorFile(flags.output);
  if (flags.output !== "") checkOutputFile("--output", flags.output);
  const engine = await chooseEngine(flags, {
    where: "kindred-encode",
    onCompile: ({ hash, seconds, fromCache, reason }) => tellOf({ program: hash, seconds, fromCache, reason }, flags),
  });
  const folder = await modelFolder(flags.model, {
    offline: flags.offline,
    signal,
    ...(flags.quiet ? {} : { sink: process.stderr }),
  });
  const onWarning = (message: string) => void process.stderr.write(`${message}\n`);
  await using encoder = await loadSentenceEncoder(folder, { cores: coresFor(flags), engine, onWarning });
  if (flags.maxLength !== undefined) checkMaxLength(flags.maxLength, encoder.model);
  const { maxLength, promptName, prompt, truncateDim, normalizeEmbeddings, specialTokens, maxBatchTokens } = flags;
  const options = {
    ...(maxLength === undefined ? {} : { maxLength }),
    ...(promptName === "" ? {} : { promptName }),
    ...(prompt === undefined ? {} : { prompt }),
    ...(truncateDim === undefined ? {} : { truncateDim }),
    ...(specialTokens === undefined ? {} : { specialTokens }),
    normalizeEmbeddings,
    ...(maxBatchTokens === undefined ? {} : { maxBatchTokens }),
    signal,
  };
  if (flags.profile) await encoder.encode("", options); // so that every op has its kernel
  const profiler = flags.profile ? profileKernels({ countFlops }) : undefined;
  if (flags.format === "arrow") await encodeStreams(encoder, flags, options);
  else if (flags.input !== "") await encodeFile(encoder, { flags, options });
  else await encodeTexts(encoder, texts, { flags, options });
  if (profiler !== undefined) process.stderr.write(`${profileTable(profiler.stop())}\n`);
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
  return cores > 0 ? cores : input === "" && format === undefined ? 0 : availableParallelism();
}

function refuseContradictions({ model, input, output, similarity, ...engine }: Flags, texts: readonly string[]): void {
  if (model === "") throw new ConfigError("kindred-encode: --model is missing. Expected --model FOLDER. See --help.");
  const others = [
    ...(input || output ? ["--input and --output"] : []),
    ...(similarity ? ["--similarity"] : []),
    ...(engine.json ? ["--json"] : []),
    ...texts,
  ];
  if (engine.format === "arrow" && others.length > 0)
    throw new ConfigError(
      `kindred-encode: --format arrow reads standard input and writes standard output, and nothing else. Got ${others[0]}. Leave it out.`,
    );
  if (engine.format === undefined && input === "" && texts.length === 0)
    throw new ConfigError("kindred-encode: nothing to encode. Give texts, or --input FILE. See --help.");
  if (input !== "" && texts.length > 0)
    throw new ConfigError(
      `kindred-encode: both --input and texts are given. Got ${input} and “${texts[0]}”. Leave one out.`,
    );
  if (similarity && (input !== "" || output !== ""))
    throw new ConfigError(
      "kindred-encode: --similarity compares texts on the command line. Leave out --input and --output.",
    );
  if (engine.backend === "xla" && engine.cores > 0)
    throw new ConfigError(
      `kindred-encode: --cores are worker threads, of which --backend xla has none. Got ${engine.cores}. Leave it out, or say how many devices (--devices).`,
    );
  if (engine.backend === "xla" && engine.profile)
    throw new ConfigError(
      "kindred-encode: --profile measures op by op, and --backend xla runs whole programs. Leave it out, or choose --backend wasm.",
    );
}

function checkMaxLength(maxLength: number, { encoder }: Pick<SentenceModel, "encoder">): void {
  const limit = encoder.sizes.longest;
  if (maxLength <= limit) return;
  throw new ConfigError(
    `--max-length: more than the model can read. Got ${maxLength}, expected a whole number from 2 to its ${limit} tokens.`,
    { maxLength, limit },
  );
}
