import type { EncoderFamily } from "@kindred/encoder";
import { bertFamily } from "./bert.ts";

/** RoBERTa's kind, where positions count tokens. A checkpoint of all three calls its encoder `roberta`. */
const kind = {
  prefix: "roberta.",
  classifier: { dense: "classifier.dense", activation: "tanh", out: "classifier.out_proj" },
  positions: "tokens",
} as const;

/**
 * RoBERTa: BERT with other positions. all-distilroberta and all-roberta-large are of this family.
 *
 * Positions count tokens that are not padding, from the row after the padding's: with `pad_token_id` 1 the first token has row 2, of 514 rows
 * 512 are for tokens. A `<pad>` that stands in a text has the padding's row, counts for none, and is attended like any other token. A key of
 * config.json that is missing has the default of Hugging Face's `RobertaConfig`, which for `layer_norm_eps` (1e-12) and
 * `max_position_embeddings` (512) is not what published models use (1e-5, 514): their files say so themselves.
 *
 * @see Liu et al., "RoBERTa: A Robustly Optimized BERT Pretraining Approach", 2019
 */
export const roberta: EncoderFamily = bertFamily({
  ...kind,
  modelType: "roberta",
  title: "RoBERTa",
  architecture: "RobertaModel",
  defaults: { vocabulary: 50265, padding: 1 },
});

/**
 * XLM-RoBERTa: {@link roberta} of a hundred languages. multilingual-e5 (base and large) and paraphrase-multilingual-mpnet are of this family.
 *
 * @see Conneau et al., "Unsupervised Cross-lingual Representation Learning at Scale", ACL 2020
 */
export const xlmRoberta: EncoderFamily = bertFamily({
  ...kind,
  modelType: "xlm-roberta",
  title: "XLM-RoBERTa",
  architecture: "XLMRobertaModel",
  defaults: { vocabulary: 30522, padding: 1 },
});

/**
 * CamemBERT: {@link roberta} of French.
 *
 * @see Martin et al., "CamemBERT: a Tasty French Language Model", ACL 2020
 */
export const camembert: EncoderFamily = bertFamily({
  ...kind,
  modelType: "camembert",
  title: "CamemBERT",
  architecture: "CamembertModel",
  defaults: { vocabulary: 30522, padding: 1 },
});
