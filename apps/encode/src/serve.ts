import { availableParallelism } from "node:os";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { chooseEngine, engineOptions, ownNodeOption, readCommand } from "@kindred/command-line/node";
import { ConfigError } from "@kindred/errors";
import { modelFolder } from "@kindred/hub/node";
import { grouped, option, optionHelp, type OptionValues } from "@kindred/options";
import type { CrossEncoder, SentenceEncoder } from "@kindred/sentence-encoder";
import { loadCrossEncoder, loadSentenceEncoder } from "@kindred/sentence-encoder/node";
import { createServer, type ServerOptions } from "@kindred/server";
import { serve as listen } from "@kindred/server/node";
import * as v from "valibot";
import { weightsOption } from "./weights-option.ts";

const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const seconds = v.pipe(v.number(), v.minValue(0.001), v.maxValue(86_400));

/** Keys of fewer letters can be guessed. */
const leastKey = 16;

/** Every flag of `kindred-encode serve`. */
export const serveFlags = {
  model: option(
    v.array(v.string()),
    [],
    "A model's folder, or its id on the Hugging Face Hub; NAME=FOLDER to serve it under another name. Repeat the flag for several: a request names one, the first is the default.",
  ),
  reranker: option(
    v.array(v.string()),
    [],
    "A cross-encoder's folder or id, for /rerank; NAME=FOLDER and several as for --model, which may then be left out.",
  ),
  offline: option(v.boolean(), false, "Take models of the Hub from the cache only."),
  host: option(
    v.string(),
    "127.0.0.1",
    "The address to listen at. The default is reached from this machine alone; 0.0.0.0 from everywhere.",
  ),
  port: option(
    v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65_535)),
    8080,
    "The port to listen at; 0 = any that is free.",
  ),
  ...grouped("Batches", {
    cores: option(
      v.pipe(v.number(), v.integer(), v.minValue(0)),
      0,
      "Worker threads of each model, which share one copy of its weights; 0 = one for each core of the machine. XLA has devices instead.",
    ),
    maxBatchTokens: option(
      v.optional(count),
      undefined,
      "The most tokens that a core works on at once, of however many requests. Default: 2048, or what suits the devices.",
    ),
  }),
  ...grouped("Limits", {
    maxConcurrentRequests: option(
      count,
      512,
      "The most requests that are worked on or wait; further ones are answered with 429 and Retry-After.",
    ),
    maxClientBatchSize: option(count, 2048, "The most texts of a request."),
    payloadLimit: option(count, 2_000_000, "The most bytes of a request's body."),
    autoTruncate: option(
      v.boolean(),
      true,
      "Cut texts of more tokens than the model reads, where a request does not say; off, such a request is refused.",
    ),
    allowDimensions: option(
      v.boolean(),
      false,
      "Let requests keep fewer numbers of a vector (dimensions) also where the model's config.json names none (matryoshka_dimensions).",
    ),
    deadline: option(seconds, 60, "Seconds that a request may take, waiting included; then it is answered with 504."),
    drainTimeout: option(
      seconds,
      30,
      "Seconds that requests in flight have to finish when the server is told to stop.",
    ),
  }),
  ...grouped("Access", {
    apiKeyFile: option(
      v.string(),
      "",
      "A file of keys, one a line, of which a request brings one as Authorization: Bearer KEY. Default: none is asked for.",
    ),
    allowedHosts: option(
      v.array(v.string()),
      [],
      "A name that the server is reached under, beside addresses and localhost; * for any. Repeat the flag for several.",
    ),
    corsAllowOrigin: option(
      v.array(v.string()),
      [],
      "An origin whose pages may ask, https://example.com; * for any. Default: no page of another site may. Repeat the flag for several.",
    ),
  }),
  json: option(v.boolean(), false, "Print events as JSON on standard output."),
  quiet: option(v.boolean(), false, "Print nothing for people but errors."),
  ownNode: ownNodeOption,
  help: option(v.boolean(), false, "Print this."),
  ...engineOptions,
  ...weightsOption,
};

const help = `kindred-encode serve --model FOLDER [options]

Answers requests for vectors over HTTP, in the forms of text-embeddings-inference (/embed) and of OpenAI (/v1/embeddings), and with a cross-encoder
requests to rank texts by a query, in the forms of text-embeddings-inference (/rerank) and of Cohere (/v1/rerank).
Requests that wait together are computed together; a single text goes before long lists.

  kindred-encode serve --model my-model
  curl 127.0.0.1:8080/embed -H 'content-type: application/json' -d '{"inputs": ["A cat sat.", "A dog barked."]}'

Ctrl-C or SIGTERM: requests in flight are answered, new ones are not taken.

Options (also as --snake_case; a boolean is turned off by --no-…):
${optionHelp(serveFlags)}
`;

type Flags = OptionValues<typeof serveFlags>;

/** Runs `kindred-encode serve`: until a signal says stop. */
export async function serve(argv: readonly string[], signal: AbortSignal): Promise<void> {
  const { flags, positionals } = readCommand("kindred-encode serve", serveFlags, argv);
  if (flags.help) return void process.stdout.write(help);
  if (flags.model.length + flags.reranker.length === 0)
    throw new ConfigError("kindred-encode serve: --model is missing. Expected --model FOLDER. See --help.");
  if (positionals.length > 0)
    throw new ConfigError(
      `kindred-encode serve: unknown argument. Got ${positionals[0]}, expected flags alone. See --help.`,
    );
  const engine = await chooseEngine(flags, { where: "kindred-encode serve" });
  const cores = flags.backend === "xla" ? 0 : flags.cores || availableParallelism();
  const apiKeys = flags.apiKeyFile === "" ? [] : await readKeys(flags.apiKeyFile);
  const models: { [name: string]: SentenceEncoder } = {};
  const rerankers: { [name: string]: CrossEncoder } = {};
  const dimensions: { [name: string]: "any" } = {};
  const fetching = { offline: flags.offline, signal, ...(flags.quiet ? {} : { sink: process.stderr }) };
  const onWarning = (message: string) => void process.stderr.write(`${message}\n`);
  const loading = { cores, engine, weights: flags.weights, onWarning };
  try {
    for (const [name, path] of namedModels(flags.model)) {
      const folder = await modelFolder(path, fetching);
      models[name] = await loadSentenceEncoder(folder, loading);
      if (flags.allowDimensions) dimensions[name] = "any";
      signal.throwIfAborted();
    }
    for (const [name, path] of namedModels(flags.reranker)) {
      rerankers[name] = await loadCrossEncoder(await modelFolder(path, fetching), loading);
      signal.throwIfAborted();
    }
    await serveModels({ models, rerankers, dimensions, apiKeys }, flags, signal);
  } finally {
    await Promise.all([...Object.values(models), ...Object.values(rerankers)].map((encoder) => encoder.close()));
  }
}

/** Answers requests until a signal says stop, and those that were begun by then. */
async function serveModels(
  {
    models,
    rerankers,
    ...more
  }: Pick<ServerOptions, "models" | "dimensions" | "apiKeys"> & Required<Pick<ServerOptions, "rerankers">>,
  flags: Flags,
  signal: AbortSignal,
): Promise<void> {
  const server = createServer({
    models,
    rerankers,
    ...more,
    allowedHosts: flags.allowedHosts,
    corsOrigins: flags.corsAllowOrigin,
    ...(flags.maxBatchTokens === undefined ? {} : { maxBatchTokens: flags.maxBatchTokens }),
    maxConcurrentRequests: flags.maxConcurrentRequests,
    maxClientBatchSize: flags.maxClientBatchSize,
    payloadLimit: flags.payloadLimit,
    autoTruncate: flags.autoTruncate,
    deadlineMs: 1000 * flags.deadline,
    onError: (error) => {
      process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    },
  });
  const { url, close } = await listen(server, { host: flags.host, port: flags.port });
  const names = { models: Object.keys(models), rerankers: Object.keys(rerankers) };
  tell(flags, { type: "listening", url, ...names }, `${[...names.models, ...names.rerankers].join(", ")} at ${url}\n`);
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve());
  });
  await close({ graceMs: 1000 * flags.drainTimeout });
  tell(flags, { type: "stopped" }, "Stopped.\n");
}

/** Names and paths of `--model`: what stands before the first `=` is a name, unless there is a folder of the whole. */
function namedModels(given: readonly string[]): Map<string, string> {
  const models = new Map<string, string>();
  for (const text of given) {
    const [, before, after] = /^([\w.-]+)=(.+)$/.exec(text) ?? [];
    const isNamed = before !== undefined && after !== undefined && !existsSync(text);
    const [name, path] = isNamed ? [before, after] : [existsSync(text) ? basename(text) : text, text];
    if (models.has(name))
      throw new ConfigError(
        `kindred-encode serve: two models are called ${name}. Give one another name: --model NAME=${path}.`,
      );
    models.set(name, path);
  }
  return models;
}

/** The keys of a file: one a line, blanks around them and empty lines aside. */
async function readKeys(file: string): Promise<string[]> {
  const keys = (await readFile(file, "utf8")).split("\n").map((line) => line.trim());
  const short = keys.findIndex((key) => key !== "" && key.length < leastKey);
  if (short >= 0)
    throw new ConfigError(
      `--api-key-file: a key is too short. Got ${keys[short]?.length} letters in line ${short + 1} of ${file}, expected ${leastKey} at least.`,
    );
  const given = keys.filter((key) => key !== "");
  if (given.length === 0)
    throw new ConfigError(`--api-key-file: no key. Got ${file} without one, expected one a line.`);
  return given;
}

function tell({ json, quiet }: Flags, event: object, line: string): void {
  if (json) process.stdout.write(`${JSON.stringify(event)}\n`);
  else if (!quiet) process.stderr.write(line);
}
