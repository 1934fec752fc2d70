import type { BatchEncoding } from "@kindred/tokenizer";
import type { EmbeddingRows, Precision } from "@kindred/vectors";
import type { TokenBatch } from "./embed-sentences.ts";
import type { EncodeOptions, EncodeTokensOptions, OutputOptions } from "./encode-options.ts";
import type { TextInput } from "./text-input.ts";

/** Vectors in the order of the inputs, which inputs were longer than the limit and lost their end, and the tokens of each that were read. */
export type Embeddings = EmbeddingRows & {
  readonly truncated: number[];
  /** For each input how many tokens of it were read, its prompt's and the special ones counted too. */
  readonly tokenCounts: Int32Array;
};

/**
 * Quantised vectors in the order of the inputs: `dimension` numbers a row, as many as features, or an eighth of them
 * for bits.
 */
export type QuantizedEmbeddings<Numbers extends Int8Array | Uint8Array = Int8Array | Uint8Array> = {
  readonly embeddings: Numbers;
  readonly dimension: number;
  readonly truncated: number[];
  /** As of {@link Embeddings}. */
  readonly tokenCounts: Int32Array;
};

/** A vector for every token of every input, before pooling. */
export type TokenEmbeddings = {
  /** For each input tokens × dimension numbers, `<s>` and `</s>` included. */
  readonly tokenEmbeddings: Float32Array[];
  /** For each input the ids of its tokens. */
  readonly tokenIds: Int32Array[];
  readonly dimension: number;
  readonly truncated: number[];
};

/** Texts as tokens, end to end, and which of them were longer than the limit and lost tokens. */
export type TokenizedTexts = TokenBatch & Pick<BatchEncoding, "truncated">;

/** Texts to vectors: a text or a list, and what is wanted of them; the kind of result follows from the options. In a list ids of tokens may stand for a text. */
export type Encode = EncodeOf<string | readonly TextInput[], EncodeOptions>;

/** As {@link Encode}, from tokens. */
export type EncodeTokens = EncodeOf<TokenizedTexts, EncodeTokensOptions>;

/** What an encoding of `Input` gives, by what `Options` ask for. */
export type EncodeOf<Input, Options> = {
  (
    input: Input,
    options?: Options & { readonly precision?: "float32"; readonly outputValue?: "sentenceEmbedding" },
  ): Promise<Embeddings>;
  (input: Input, options: Options & { readonly precision: "int8" | "binary" }): Promise<QuantizedEmbeddings<Int8Array>>;
  (
    input: Input,
    options: Options & { readonly precision: "uint8" | "ubinary" },
  ): Promise<QuantizedEmbeddings<Uint8Array>>;
  (input: Input, options: Options & { readonly outputValue: "tokenEmbeddings" }): Promise<TokenEmbeddings>;
  (
    input: Input,
    options: Options & { readonly precision: Precision; readonly outputValue?: "sentenceEmbedding" },
  ): Promise<Embeddings | QuantizedEmbeddings>;
  (input: Input, options: Options & OutputOptions): Promise<Embeddings | QuantizedEmbeddings | TokenEmbeddings>;
};
