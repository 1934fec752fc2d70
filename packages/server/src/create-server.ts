import { ConfigError } from "@kindred/errors";
import type { ComputedBatch, SentenceEncoder } from "@kindred/sentence-encoder";
import { Hono } from "hono";
import { embedPieces, isLong, jsonResponse, openAiPieces } from "./answers.ts";
import { checkBody } from "./check-body.ts";
import { openDesk } from "./desk.ts";
import { readBody } from "./read-body.ts";
import { errorResponse, type Form, RequestError } from "./request-error.ts";
import { embedBody, openAiBody, type TextInput } from "./schemas.ts";
import { embed, type ServedModel, type TextRules, tokensOf, type Work } from "./served-model.ts";

/** Options of {@link createServer}. */
export type ServerOptions = {
  /** The models by the names under which they are asked for; one that is not named in a request is the first. They stay the caller's to close. */
  readonly models: { readonly [name: string]: SentenceEncoder };
  /** The most tokens that a core works on at once, whoever's they are. Default: the encoder's own, 2048. */
  readonly maxBatchTokens?: number;
  /** The most requests that are worked on or wait; further ones are answered with 429. Default: 512. */
  readonly maxConcurrentRequests?: number;
  /** The most texts of a request. Default: 2048, as OpenAI's. */
  readonly maxClientBatchSize?: number;
  /** The most bytes of a body. Default: 2,000,000. */
  readonly payloadLimit?: number;
  /** How long a request may take, waiting included. Default: one minute. */
  readonly deadlineMs?: number;
  /** Whether texts of too many tokens are cut, where a request does not say. Default: true. */
  readonly autoTruncate?: boolean;
  /** Told of what went wrong in the server itself. Default: `console.error`. */
  readonly onError?: (error: unknown) => void;
};

/** A server that is not connected to anything yet. */
export type EmbeddingServer = {
  /** The routes: `app.fetch(request)` answers, `app.request("/embed", …)` too. */
  readonly app: Hono;
  /** Takes no more requests, so that `/ready` says 503; resolves when those that were begun are answered. */
  drain(): Promise<void>;
  /** How many requests are worked on or wait. */
  readonly inWork: number;
};

/**
 * Routes that answer with vectors.
 *
 * @throws ConfigError where there is no model.
 *
 * @example
 * ```ts ignore
 * import { loadSentenceEncoder } from "@kindred/sentence-encoder/node";
 * import { createServer } from "@kindred/server";
 *
 * const encoder = await loadSentenceEncoder("my-model");
 * const { app } = createServer({ models: { "my-model": encoder } });
 * ```
 */
export function createServer({
  models,
  maxBatchTokens,
  maxConcurrentRequests = 512,
  maxClientBatchSize = 2048,
  payloadLimit = 2_000_000,
  deadlineMs = 60_000,
  autoTruncate = true,
  onError = console.error,
}: ServerOptions): EmbeddingServer {
  const served = new Map<string, ServedModel>(
    Object.entries(models).map(([name, encoder]) => [name, { name, encoder: encoder.gathering() }]),
  );
  const [first] = served.values();
  if (first === undefined) throw new ConfigError("createServer: no model. Got an empty list, expected one at least.");
  const desk = openDesk({ maxConcurrentRequests, deadlineMs });
  const app = new Hono();

  /** The model that a request names. Where there is one alone, whatever name a client was made with means it. */
  function modelOf(name: string | null | undefined): ServedModel {
    const found = name === null || name === undefined || served.size === 1 ? first : served.get(name);
    if (found !== undefined) return found;
    const names = [...served.keys()].join(", ");
    throw new RequestError("model_not_found", `No model ${JSON.stringify(name)}. Expected one of ${names}.`, {
      field: "model",
    });
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
      if (error instanceof RequestError) return errorResponse(error, form);
      if (request.signal.aborted) return new Response(null, { status: 499 }); // nobody reads it
      onError(error);
      return errorResponse(new RequestError("backend", "The model failed."), form);
    }
  }

  /** The vectors of a request's texts, and what they came to. */
  async function embedInputs(inputs: readonly TextInput[], asked: Asked, { signal, started }: Call) {
    checkCount(inputs.length);
    const model = modelOf(asked.model);
    const tokens = tokensOf(model, inputs, { ...asked, truncate: asked.truncate ?? autoTruncate });
    const work = newWork(inputs, tokens.ids.length, performance.now() - started);
    const rows = await embed(model, tokens, {
      signal,
      ...(maxBatchTokens === undefined ? {} : { maxBatchTokens }),
      normalize: asked.normalize ?? true,
      dimensions: asked.dimensions ?? undefined,
      onBatch: (batch, waitedMs) => noteBatch(work, batch, waitedMs),
    });
    return { model, rows, work };
  }

  app.post("/embed", (c) =>
    respond("tei", c.req.raw, async (json, call) => {
      const { inputs, ...asked } = checkBody(embedBody, json);
      const { rows, work } = await embedInputs(listOf(inputs), asked, call);
      return jsonResponse(embedPieces(rows), isLong(rows), timingHeaders(work, call.started));
    }),
  );

  app.post("/v1/embeddings", (c) =>
    respond("openai", c.req.raw, async (json, call) => {
      const { input, encoding_format, user: _, ...asked } = checkBody(openAiBody, json);
      const { model, rows, work } = await embedInputs(listOf(input), asked, call);
      const pieces = openAiPieces(rows, { format: encoding_format ?? "float", model: model.name, tokens: work.tokens });
      return jsonResponse(pieces, isLong(rows), timingHeaders(work, call.started));
    }),
  );

  app.get("/health", (c) => c.text("ok"));

  return {
    app,
    drain: () => desk.drain(),
    get inWork() {
      return desk.inWork;
    },
  };
}

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

/** One input as a list of one. */
function listOf(inputs: TextInput | readonly TextInput[]): readonly TextInput[] {
  if (typeof inputs === "string") return [inputs];
  return inputs.length > 0 && inputs.every((input) => typeof input === "number")
    ? [inputs]
    : (inputs as readonly TextInput[]);
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

/** The headers of text-embeddings-inference: whole milliseconds, and what was read. */
function timingHeaders(work: Work, started: number): { readonly [name: string]: string } {
  const total = `${Math.round(performance.now() - started)}`;
  return {
    "x-compute-type": "cpu",
    "x-compute-time": total,
    "x-compute-characters": `${work.characters}`,
    "x-compute-tokens": `${work.tokens}`,
    "x-total-time": total,
    "x-tokenization-time": `${Math.round(work.tokenizationMs)}`,
    "x-queue-time": `${Math.round(work.queueMs)}`,
    "x-inference-time": `${Math.round(work.inferenceMs)}`,
  };
}
