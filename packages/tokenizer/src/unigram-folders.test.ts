import { JsonField } from "@kindred/errors";
import { readJson, sharedPath } from "@kindred/testing";
import { expect, test } from "vitest";
import { tokenizerFromFiles, tokenizerToFiles } from "./index.ts";

const { characterMap, texts, cases } = readJson<{
  characterMap: string;
  texts: string[];
  cases: { name: string; tokenizer: { normalizer: object; pre_tokenizer: object }; ids: number[][] }[];
}>(sharedPath("golden", "unigram", "cases.json"));
const caseOf = (name: string) => cases.find((one) => one.name === name) ?? expect.fail("no such case");
const bytes = (value: unknown) =>
  new TextEncoder().encode(JSON.stringify(value).replace('"MAP"', JSON.stringify(characterMap)));
const own = caseOf("xlm-roberta");
const folder = (settings: object, json: object = own.tokenizer) => ({
  "tokenizer.json": bytes(json),
  "tokenizer_config.json": bytes(settings),
});
const idsOf = (tokenizer: ReturnType<typeof tokenizerFromFiles>) =>
  texts.map((text) => [...tokenizer.encode(text).ids.slice(1, -1)]);

test.each(["XLMRobertaTokenizer", "XLMRobertaTokenizerFast", "CamembertTokenizer", "PreTrainedTokenizerFast"])(
  "a folder of the class %s has the ids of its tokenizer.json",
  (tokenizer_class) => {
    expect(idsOf(tokenizerFromFiles(folder({ tokenizer_class })))).toEqual(own.ids);
  },
);

test("the classes make words of their own, whatever tokenizer.json says; the class for any file does what it says", () => {
  const other = caseOf("camembert, older");
  expect(idsOf(tokenizerFromFiles(folder({ tokenizer_class: "CamembertTokenizer" }, other.tokenizer)))).toEqual(
    own.ids,
  );
  expect(idsOf(tokenizerFromFiles(folder({}, other.tokenizer)))).toEqual(other.ids);
  const never = tokenizerFromFiles(folder({ tokenizer_class: "XLMRobertaTokenizer", add_prefix_space: false }));
  expect([...never.encode("the").ids]).toEqual([0, 7, 2]);
});

test.each(["xlm-roberta", "camembert", "bert"])("written for a model of the type %s and read again", (modelType) => {
  const tokenizer = tokenizerFromFiles(folder({ tokenizer_class: "XLMRobertaTokenizer" }));
  const files = tokenizerToFiles(tokenizer, { modelType, maxLength: 99 });
  const { tokenizer_class, model_max_length } = JSON.parse(new TextDecoder().decode(files["tokenizer_config.json"]));
  const classes: { readonly [type: string]: string } = {
    "xlm-roberta": "XLMRobertaTokenizer",
    camembert: "CamembertTokenizer",
    bert: "PreTrainedTokenizerFast",
  };
  expect([tokenizer_class, model_max_length]).toEqual([classes[modelType], 99]);
  const config = new JsonField({ model_type: modelType }, "config.json");
  expect(idsOf(tokenizerFromFiles(files, { config }))).toEqual(own.ids);
  expect(files["vocab.txt"]).toBeUndefined();
});

test("a sentencepiece model alone is refused, with what makes a tokenizer.json of it", () => {
  expect(() =>
    tokenizerFromFiles({ "tokenizer_config.json": bytes({ tokenizer_class: "XLMRobertaTokenizer" }) }),
  ).toThrow("tokenizer.json: the file is missing, and sentencepiece.bpe.model is not read. Make it in Python");
});

test("another token for what is unknown than the model's is refused", () => {
  const settings = { tokenizer_class: "XLMRobertaTokenizer", unk_token: "<pad>" };
  expect(() => tokenizerFromFiles(folder(settings))).toThrow("unk_token is not supported");
});
