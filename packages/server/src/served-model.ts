import { endsNormalized } from "@kindred/pooling";
import type {
  ComputedBatch,
  Embeddings,
  SentenceEncoder,
  TokenEmbeddings,
  TokenizedTexts,
} from "@kindred/sentence-encoder";
import { nearestName } from "@kindred/errors";
import { RequestError } from "./request-error.ts";
import type { TextInput } from "./schemas.ts";

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
  const isText = (input: TextInput) => typeof input === "string";
  const tokens = inputs.every(isText)
    ? encoder.tokenize(inputs, options)
    : joined(
        inputs.map((input) =>
          isText(input) ? encoder.tokenize(input, options) : framed(encoder, input, side ?? "right"),
        ),
      );
  const [first] = tokens.truncated;
  if (first === undefined || truncate) return tokens;
  const limit = encoder.settings.maxSeqLength;
  throw new RequestError(
    "validation",
    `Text ${first} is too long. Got more than the ${limit} tokens that the model reads. Shorten it, or ask for truncate: true.`,
  );
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

/** Ids of a text, with the special tokens around them where they are not there, cut at the model's limit. */
function framed(encoder: SentenceEncoder, ids: readonly number[], side: "left" | "right"): TokenizedTexts {
  const { bos, eos } = encoder.tokenizer.specialIds;
  const known = Math.min(encoder.model.encoder.sizes.vocabulary, encoder.tokenizer.vocabularySize);
  const unknown = ids.find((id) => id >= known);
  if (unknown !== undefined)
    throw new RequestError("validation", `No such token. Got id ${unknown}, expected ids below ${known}.`);
  const inner = ids.slice(ids[0] === bos ? 1 : 0, ids.length > 1 && ids.at(-1) === eos ? -1 : undefined);
  const room = encoder.settings.maxSeqLength - 2;
  const kept = side === "left" ? inner.slice(Math.max(0, inner.length - room)) : inner.slice(0, room);
  const whole = Int32Array.of(bos, ...kept, eos);
  return { ids: whole, starts: Int32Array.of(0, whole.length), truncated: kept.length < inner.length ? [0] : [] };
}

/** Texts one after another; prompts are left out of the count of tokens where any has none. */
function joined(texts: readonly TokenizedTexts[]): TokenizedTexts {
  const ids = new Int32Array(texts.reduce((sum, text) => sum + text.ids.length, 0));
  const starts = new Int32Array(texts.length + 1);
  const truncated: number[] = [];
  for (const [i, text] of texts.entries()) {
    const start = starts[i] ?? 0;
    ids.set(text.ids, start);
    starts[i + 1] = start + text.ids.length;
    if (text.truncated.length > 0) truncated.push(i);
  }
  return { ids, starts, truncated };
}
