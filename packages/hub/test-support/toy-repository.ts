import type { Repository } from "./hub-server.ts";

const text = (value: unknown) => new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));

/** Bytes that compress to nothing smaller and differ everywhere. */
export function noise(length: number, seed = 1): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
}

/** What a sentence-transformers repository holds: what a model needs, and much that it doesn't. */
export const sentenceModelFiles: { readonly [path: string]: Uint8Array } = {
  ".gitattributes": text("*.bin filter=lfs"),
  "1_Pooling/config.json": text({ word_embedding_dimension: 4 }),
  "README.md": text("# A model"),
  "config.json": text({ model_type: "mpnet" }),
  "config_sentence_transformers.json": text({ prompts: {} }),
  "flax_model.msgpack": noise(5000, 2),
  "model.safetensors": noise(300_000),
  "modules.json": text([
    { idx: 0, name: "0", path: "", type: "sentence_transformers.models.Transformer" },
    { idx: 1, name: "1", path: "1_Pooling", type: "sentence_transformers.models.Pooling" },
    { idx: 2, name: "2", path: "2_Normalize", type: "sentence_transformers.models.Normalize" },
  ]),
  "onnx/model.onnx": noise(7000, 3),
  "pytorch_model.bin": noise(300_000, 4),
  "sentence_bert_config.json": text({ max_seq_length: 128 }),
  "special_tokens_map.json": text({}),
  "tokenizer.json": noise(2000, 5),
  "tokenizer_config.json": text({}),
  "train_script.py": text("pass"),
  "vocab.txt": text("a\nb\n"),
};

/** The bytes of one of them. */
export function toyFile(path: string): Uint8Array {
  const bytes = sentenceModelFiles[path];
  if (bytes === undefined) throw new Error(`the toy repository has no ${path}`);
  return bytes;
}

/** The paths of the above that a model needs. */
export const neededPaths: readonly string[] = [
  "1_Pooling/config.json",
  "README.md",
  "config.json",
  "config_sentence_transformers.json",
  "model.safetensors",
  "modules.json",
  "sentence_bert_config.json",
  "special_tokens_map.json",
  "tokenizer.json",
  "tokenizer_config.json",
  "vocab.txt",
];

/** The names of a model's weights in so many files. */
export const shardNames = (count: number) =>
  Array.from({ length: count }, (_, i) => `model-${i}-of-${count}.safetensors`);

/** The same model with an index in the place of its weights, which names so many files; a few of them lie there, and others beside. */
export function shardedFiles(count: number): { readonly [path: string]: Uint8Array } {
  const { "model.safetensors": _, ...others } = sentenceModelFiles;
  const shards = shardNames(count);
  return {
    ...others,
    "model.safetensors.index.json": text({ weight_map: Object.fromEntries(shards.map((name, i) => [`w${i}`, name])) }),
    ...Object.fromEntries(shards.slice(0, 3).map((name, i) => [name, noise(20_000, i + 10)])),
    "model-9-of-9.safetensors": noise(10, 9),
  };
}

/** A repository with two commits: `main` is the second, the tag `v1` and the branch `refs/pr/1` are the first. */
export function toyRepository(changes: Partial<Repository> = {}): Repository {
  const [first, second] = toyCommits;
  return {
    commits: {
      [first]: { ...sentenceModelFiles, "README.md": text("# An older model") },
      [second]: sentenceModelFiles,
    },
    refs: { main: second, v1: first, "refs/pr/1": first },
    ...changes,
  };
}

/** The commits of a toy repository, older first. */
export const toyCommits = ["a".repeat(40), "b".repeat(40)] as const;
