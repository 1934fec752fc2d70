/** The classes of transformers that make their own pipeline, with what they take for granted. */
export const classes = {
  MPNetTokenizer: {
    model: "WordPiece",
    tokens: {
      ...{ bos_token: "<s>", eos_token: "</s>", unk_token: "[UNK]", sep_token: "</s>" },
      ...{ pad_token: "<pad>", cls_token: "<s>", mask_token: "<mask>" },
    },
    pair: { separators: 2, types: [0, 0, 0, 0, 0, 0] },
    /** Whether a mask that is named by its spelling alone swallows the space before it. */
    maskStripsLeft: true,
  },
  BertTokenizer: {
    model: "WordPiece",
    tokens: { unk_token: "[UNK]", sep_token: "[SEP]", pad_token: "[PAD]", cls_token: "[CLS]", mask_token: "[MASK]" },
    pair: { separators: 1, types: [0, 0, 0, 1, 1] },
    maskStripsLeft: false,
  },
  RobertaTokenizer: {
    model: "BPE",
    tokens: {
      ...{ bos_token: "<s>", eos_token: "</s>", unk_token: "<unk>", sep_token: "</s>" },
      ...{ pad_token: "<pad>", cls_token: "<s>", mask_token: "<mask>" },
    },
    pair: { separators: 2, types: [0, 0, 0, 0, 0, 0] },
    maskStripsLeft: false,
  },
  XLMRobertaTokenizer: {
    model: "Unigram",
    tokens: {
      ...{ bos_token: "<s>", eos_token: "</s>", unk_token: "<unk>", sep_token: "</s>" },
      ...{ pad_token: "<pad>", cls_token: "<s>", mask_token: "<mask>" },
    },
    pair: { separators: 2, types: [0, 0, 0, 0, 0, 0] },
    maskStripsLeft: false,
  },
  CamembertTokenizer: {
    model: "Unigram",
    tokens: {
      ...{ bos_token: "<s>", eos_token: "</s>", unk_token: "<unk>", sep_token: "</s>" },
      ...{ pad_token: "<pad>", cls_token: "<s>", mask_token: "<mask>" },
    },
    pair: { separators: 2, types: [0, 0, 0, 0, 0, 0] },
    maskStripsLeft: true,
  },
} as const;

/** How a tokenizer is made: by a class of transformers, or as tokenizer.json stands. */
export type ClassName = keyof typeof classes | "tokenizer.json";

/** Names of classes as files write them, without the `Fast` at their end, and types of models with the class they have. */
export const classNames: { readonly [name: string]: ClassName } = {
  MPNetTokenizer: "MPNetTokenizer",
  BertTokenizer: "BertTokenizer",
  DistilBertTokenizer: "BertTokenizer",
  ElectraTokenizer: "BertTokenizer",
  MobileBertTokenizer: "BertTokenizer",
  SqueezeBertTokenizer: "BertTokenizer",
  RobertaTokenizer: "RobertaTokenizer",
  XLMRobertaTokenizer: "XLMRobertaTokenizer",
  CamembertTokenizer: "CamembertTokenizer",
  PreTrainedTokenizer: "tokenizer.json",
  TokenizersBackend: "tokenizer.json",
  mpnet: "MPNetTokenizer",
  bert: "BertTokenizer",
  distilbert: "BertTokenizer",
  electra: "BertTokenizer",
  nomic_bert: "BertTokenizer",
  roberta: "RobertaTokenizer",
  "xlm-roberta": "XLMRobertaTokenizer",
  camembert: "CamembertTokenizer",
};

/** The special tokens that every class knows, in the order in which they are added. */
export const specialTokenKeys = [
  "bos_token",
  "eos_token",
  "unk_token",
  "sep_token",
  "pad_token",
  "cls_token",
  "mask_token",
];
