import type { ComputedBatch } from "@kindred/sentence-encoder";
import type { Hono } from "hono";
import { embedAllPieces, embedPieces, isLong, jsonResponse, openAiPieces } from "./answers.ts";
import { checkBody } from "./check-body.ts";
import type { Desk } from "./desk.ts";
import type { Measures } from "./measures.ts";
import { readBody } from "./read-body.ts";
import { errorResponse, type Form, RequestError } from "./request-error.ts";
import { embedAllBody, embedBody, openAiBody, similarityBody, type TextInput, tokenizeBody } from "./schemas.ts";
import { embed, embedAll, type ServedModel, type TextRules, tokensOf, type Work } from "./served-model.ts";
import { timingHeaders } from "./timing-headers.ts";
import { tokensAnswer } from "./tokens-answer.ts";

/** What the routes that take texts work with. */
export type Service = {
  /** By name, the default one first. */
  readonly models: ReadonlyMap<string, ServedModel>;
  readonly desk: Desk;
  readonly measures: Measures;
  readonly maxBatchTokens: number | undefined;
  readonly maxClientBatchSize: number;
  readonly payloadLimit: number;
  readonly autoTruncate: boolean;
  readonly onError: (error: unknown) => void;
};

/** When a request came, and what tells that nobody waits for it any more. */
type Call = { readonly signal: AbortSignal; readonly started: number };

type Answer = (body: unknown, call: Call) => Promise<Response>;

/** What a body says of its texts. */
type Asked = Omit<TextRules, "truncate"> & {
  readonly truncate?: boolean | null | undefined;
  readonly model?: string | null | undefined;
  readonly normalize?: boolean | null | undefined;
  readonly dimensions?: number | null | undefined;
};

/** Adds the routes that take texts. */
export function embeddingRoutes(app: Hono, service: Service): void {
  const { models, desk, measures, maxBatchTokens, maxClientBatchSize, payloadLimit, autoTruncate, onError } = service;

  /** The model that a request names. Where there is one alone, whatever name a client was made with means it. */
  function modelOf(name: string | null | undefined): ServedModel {
    const [first] = models.values();
    const found = name === null || name === undefined || models.size === 1 ? first : models.get(name);
    if (found !== undefined) return found;
    const names = [...models.keys()].join(", ");
    const field = "model";
    throw new RequestError("model_not_found", `No model ${JSON.stringify(name)}. Expected one of ${names}.`, { field });
  }

  function checkCount(texts: number): void {
    if (texts === 0) throw new RequestError("empty", "There is no text. Expected one at least.");
    if (texts > maxClientBatchSize)
      throw new RequestError("too_large", `Too many texts. Got ${texts}, expected at most ${maxClientBatchSize}.`);
  }

  /** Answers a request that may fail, in the form of its route. */
  async function respond(form: Form, request: Request, answer: Answer): Promise<Response> {
    const started = performance.now();
    try {
      return await desk.admit(request.signal, async (signal) =>
        answer(await readBody(request, payloadLimit), { signal, started }),
      );
    } catch (error) {
      const isGone = request.signal.aborted;
      measures.failure(isGone ? "dropped" : error instanceof RequestError ? error.kind : "backend");
      if (isGone) return new Response(null, { status: 499 }); // nobody reads it
      if (error instanceof RequestError) return errorResponse(error, form);
      onError(error);
      return errorResponse(new RequestError("backend", "The model failed."), form);
    }
  }

  /** Tokens of a request's texts, and what makes vectors of them. */
  function workOn(inputs: readonly TextInput[], asked: Asked, { signal, started }: Call) {
    checkCount(inputs.length);
    measures.request(inputs.length);
    const model = modelOf(asked.model);
    const tokens = tokensOf(model, inputs, { ...asked, truncate: asked.truncate ?? autoTruncate });
    const work = newWork(inputs, tokens.ids.length, performance.now() - started);
    const options = {
      signal,
      ...(maxBatchTokens === undefined ? {} : { maxBatchTokens }),
      onBatch: (batch: ComputedBatch, waitedMs: number) => {
        noteBatch(work, batch, waitedMs);
        measures.batch(batch);
      },
    };
    const finish = () => {
      const totalMs = performance.now() - started;
      measures.success(work, totalMs);
      return timingHeaders(work, totalMs);
    };
    return { model, tokens, work, options, finish };
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

function newWork(inputs: readonly TextInput[], tokens: number, tokenizationMs: number): Work {
  const characters = inputs.reduce((sum, { length }) => sum + length, 0);
  return { texts: inputs.length, characters, tokens, tokenizationMs, queueMs: 0, inferenceMs: 0, batches: 0 };
}

function noteBatch(work: Work, { computeMs }: ComputedBatch, waitedMs: number): void {
  work.batches++;
  work.queueMs += (waitedMs - work.queueMs) / work.batches;
  work.inferenceMs += (computeMs - work.inferenceMs) / work.batches;
}
