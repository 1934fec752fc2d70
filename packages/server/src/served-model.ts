import { endsNormalized } from "@kindred/pooling";
import type {
  ComputedBatch,
  Embeddings,
  SentenceEncoder,
  TextInput,
  TokenEmbeddings,
  TokenizedTexts,
  TokenizeOptions,
} from "@kindred/sentence-encoder";
import { nearestName, ShapeError } from "@kindred/errors";
import { RequestError } from "./request-error.ts";

/** A model that is served, under its name. */
export type ServedModel = {
  readonly name: string;
  readonly encoder: SentenceEncoder;
  /** How many numbers of a vector a request may keep, beside all of them. */
  readonly dimensions: readonly number[] | "any";
};

/** What a request says of its texts. */
export type TextRules = {
  readonly truncate: boolean;
  readonly truncation_direction?: "left" | "right" | "Left" | "Right" | null | undefined;
  readonly prompt_name?: string | null | undefined;
};

/** What a request came to: texts and tokens that were read, and milliseconds. */
export type Work = {
  texts: number;
  characters: number;
  tokens: number;
  tokenizationMs: number;
  /** Of its batches on average. */
  queueMs: number;
  inferenceMs: number;
  batches: number;
};

/** The tokens of a request's texts, as the model is to read them. */
export function tokensOf(
  { encoder }: ServedModel,
  inputs: readonly TextInput[],
  { truncate, truncation_direction, prompt_name }: TextRules,
): TokenizedTexts {
  const promptName = prompt_name ?? undefined;
  checkPrompt(encoder, promptName);
  const side = truncation_direction?.toLowerCase() as "left" | "right" | undefined; // the schema knows these alone
  const options = {
    ...(promptName === undefined ? {} : { promptName }),
    ...(side === undefined ? {} : { truncationSide: side }),
  };
  const tokens = tokenized(encoder, inputs, options);
  const [first] = tokens.truncated;
  if (first === undefined || truncate) return tokens;
  const limit = encoder.settings.maxSeqLength;
  throw new RequestError(
    "validation",
    `Text ${first} is too long. Got more than the ${limit} tokens that the model reads. Shorten it, or ask for truncate: true.`,
  );
}

/** Tokens of texts, and of ids that a request brings: of these some may be none. */
function tokenized(encoder: SentenceEncoder, inputs: readonly TextInput[], options: TokenizeOptions): TokenizedTexts {
  try {
    return encoder.tokenize(inputs, options);
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    throw new RequestError(
      "validation",
      error.message.replace(/^encode: (.)/, (_, letter: string) => letter.toUpperCase()),
    );
  }
}

/** The vectors of tokens, and how long they took. */
export async function embed(
  { encoder, dimensions: known }: ServedModel,
  tokens: TokenizedTexts,
  options: {
    readonly signal: AbortSignal;
    readonly maxBatchTokens?: number;
    readonly normalize: boolean;
    readonly dimensions?: number | undefined;
    readonly onBatch: (batch: ComputedBatch, waitedMs: number) => void;
  },
): Promise<Embeddings> {
  const { normalize, dimensions, ...others } = options;
  if (dimensions !== undefined) checkDimensions(dimensions, known, encoder.dimension);
  return encoder.encodeTokens(tokens, {
    ...others,
    priority: priorityOf(tokens),
    // Where the model's last step makes the length 1, a second division would only round once more.
    normalizeEmbeddings: normalize && !endsNormalized(encoder.model.modules),
    ...(dimensions === undefined ? {} : { truncateDim: dimensions }),
  });
}

/** The vectors of every token. */
export async function embedAll(
  { encoder }: ServedModel,
  tokens: TokenizedTexts,
  options: Pick<Parameters<typeof embed>[2], "signal" | "maxBatchTokens" | "onBatch">,
): Promise<TokenEmbeddings> {
  return encoder.encodeTokens(tokens, { ...options, priority: priorityOf(tokens), outputValue: "tokenEmbeddings" });
}

/** A single text, a query say, goes before the texts of lists. */
function priorityOf({ starts }: TokenizedTexts): number {
  return starts.length === 2 ? 1 : 0;
}

/** A vector is cut only for a model that was trained for it: of another, the first numbers mean nothing by themselves. */
function checkDimensions(dimensions: number, known: ServedModel["dimensions"], whole: number): void {
  const isKnown = known === "any" ? dimensions <= whole : dimensions === whole || known.includes(dimensions);
  if (isKnown) return;
  const expected =
    known === "any"
      ? `at most ${whole}`
      : known.length === 0
        ? `${whole}, all that it has`
        : [...known, whole].join(", ");
  const message = `The model's vectors have no ${dimensions} dimensions. Expected ${expected}.`;
  throw new RequestError("validation", message, { field: "dimensions" });
}

function checkPrompt({ settings }: SentenceEncoder, name: string | undefined): void {
  const names = [...new Set(["query", "document", ...Object.keys(settings.prompts)])];
  if (name === undefined || names.includes(name)) return;
  const nearest = nearestName(name, names);
  const hint = nearest === undefined ? `Expected one of ${names.join(", ")}.` : `Did you mean ${nearest}?`;
  throw new RequestError("validation", `The model has no prompt ${JSON.stringify(name)}. ${hint}`, {
    field: "prompt_name",
  });
}
