import type { TextInput } from "@kindred/sentence-encoder";
import type { Hono } from "hono";
import { embedAllPieces, embedPieces, isLong, jsonResponse, openAiPieces } from "./answers.ts";
import { checkBody } from "./check-body.ts";
import { type Call, namedIn, type Requests } from "./requests.ts";
import { embedAllBody, embedBody, openAiBody, similarityBody, tokenizeBody } from "./schemas.ts";
import { embed, embedAll, type ServedModel, type TextRules, tokensOf } from "./served-model.ts";
import { tokensAnswer } from "./tokens-answer.ts";

/** What the routes that give vectors work with. */
export type Service = {
  /** By name, the default one first. */
  readonly models: ReadonlyMap<string, ServedModel>;
  readonly requests: Requests;
  readonly autoTruncate: boolean;
};

/** What a body says of its texts. */
type Asked = Omit<TextRules, "truncate"> & {
  readonly truncate?: boolean | null | undefined;
  readonly model?: string | null | undefined;
  readonly normalize?: boolean | null | undefined;
  readonly dimensions?: number | null | undefined;
};

/** Adds the routes that take texts and give vectors or tokens. */
export function embeddingRoutes(app: Hono, { models, requests, autoTruncate }: Service): void {
  const { respond, checkCount } = requests;
  const modelOf = (name: string | null | undefined) => namedIn(models, name);

  /** Tokens of a request's texts, and what makes vectors of them. */
  function workOn(inputs: readonly TextInput[], asked: Asked, call: Call) {
    requests.admitTexts(inputs.length);
    const model = modelOf(asked.model);
    const tokens = tokensOf(model, inputs, { ...asked, truncate: asked.truncate ?? autoTruncate });
    return { model, tokens, ...requests.begin(inputs, tokens.ids.length, call) };
  }

  async function embedInputs(inputs: readonly TextInput[], asked: Asked, call: Call) {
    const { model, tokens, work, options, finish } = workOn(inputs, asked, call);
    const normalize = asked.normalize ?? true;
    const rows = await embed(model, tokens, { ...options, normalize, dimensions: asked.dimensions ?? undefined });
    return { model, rows, tokens: work.tokens, headers: finish() };
  }

  app.post("/embed", (c) =>
    respond("tei", c.req.raw, async (json, call) => {
      const { inputs, ...asked } = checkBody(embedBody, json);
      const { rows, headers } = await embedInputs(listOf(inputs), asked, call);
      return jsonResponse(embedPieces(rows), isLong(rows), headers);
    }),
  );

  app.post("/embed_all", (c) =>
    respond("tei", c.req.raw, async (json, call) => {
      const { inputs, ...asked } = checkBody(embedAllBody, json);
      const { model, tokens, options, finish } = workOn(listOf(inputs), asked, call);
      const { tokenEmbeddings, dimension } = await embedAll(model, tokens, options);
      return jsonResponse(embedAllPieces(tokenEmbeddings, dimension), tokenEmbeddings.length > 1, finish());
    }),
  );

  app.post("/similarity", (c) =>
    respond("tei", c.req.raw, async (json, call) => {
      const { inputs, parameters, model } = checkBody(similarityBody, json);
      if (inputs.sentences.length === 0) checkCount(0);
      const texts = [inputs.source_sentence, ...inputs.sentences];
      const asked = { ...parameters, model, normalize: false };
      const { rows, headers, model: served } = await embedInputs(texts, asked, call);
      const { dimension, embeddings } = rows;
      const source = { embeddings: embeddings.subarray(0, dimension), dimension };
      const others = { embeddings: embeddings.subarray(dimension), dimension };
      return Response.json(Array.from(served.encoder.similarity(source, others).scores), { headers });
    }),
  );

  app.post("/tokenize", (c) =>
    respond("tei", c.req.raw, async (json) => {
      const { inputs, add_special_tokens, prompt_name, model } = checkBody(tokenizeBody, json);
      const texts = typeof inputs === "string" ? [inputs] : inputs;
      checkCount(texts.length);
      const options = { specialTokens: add_special_tokens ?? true, promptName: prompt_name ?? undefined };
      return Response.json(tokensAnswer(modelOf(model).encoder, texts, options));
    }),
  );

  app.post("/v1/embeddings", (c) =>
    respond("openai", c.req.raw, async (json, call) => {
      const { input, encoding_format, user: _, ...asked } = checkBody(openAiBody, json);
      const { model, rows, tokens, headers } = await embedInputs(listOf(input), asked, call);
      const pieces = openAiPieces(rows, { format: encoding_format ?? "float", model: model.name, tokens });
      return jsonResponse(pieces, isLong(rows), headers);
    }),
  );
}

/** One input as a list of one. */
function listOf(inputs: TextInput | readonly TextInput[]): readonly TextInput[] {
  const isOne = typeof inputs === "string" || typeof inputs[0] === "number";
  return isOne ? [inputs as TextInput] : (inputs as readonly TextInput[]); // numbers are the ids of one text
}
