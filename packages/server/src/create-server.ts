import { ConfigError } from "@kindred/errors";
import type { CrossEncoder, SentenceEncoder } from "@kindred/sentence-encoder";
import { Hono } from "hono";
import { cors } from "hono/cors";
import { checkCaller, keyCheck } from "./check-caller.ts";
import { openDesk } from "./desk.ts";
import { embeddingRoutes } from "./embedding-routes.ts";
import { type Probe, watchHealth } from "./health.ts";
import { openMeasures } from "./measures.ts";
import { openApi } from "./open-api.ts";
import { page, pagePolicy } from "./page.ts";
import { errorResponse, RequestError } from "./request-error.ts";
import { openRequests } from "./requests.ts";
import { rerankRoutes, servedRerankers } from "./rerank-routes.ts";
import type { ServedModel } from "./served-model.ts";
import { timingHeaderNames } from "./timing-headers.ts";

/** Where no key is asked for: what tells nothing of texts. */
const openPaths: readonly string[] = ["/", "/health", "/ready", "/metrics", "/openapi.json"];

/** Options of {@link createServer}. */
export type ServerOptions = {
  /** The models by the names under which they are asked for; one that is not named in a request is the first. They stay the caller's to close. */
  readonly models: { readonly [name: string]: SentenceEncoder };
  /** Cross-encoders by name, for the routes that rank; likewise. Default: none, and these routes answer with 404. */
  readonly rerankers?: { readonly [name: string]: CrossEncoder };
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
  /**
   * How many numbers of a vector a request may keep, by the model's name: some, or any. Default: what the model says that it was trained for
   * (`matryoshkaDimensions` of its settings), beside all of them.
   */
  readonly dimensions?: { readonly [model: string]: readonly number[] | "any" };
  /** Keys, one of which a request brings as `Authorization: Bearer KEY`. Default: none is asked for. */
  readonly apiKeys?: readonly string[];
  /** Names of hosts that the server is reached under, beside addresses and `localhost`; `"*"` for any. Default: none. */
  readonly allowedHosts?: readonly string[];
  /** Origins of pages of other sites that may ask, `"*"` for any. Default: none. */
  readonly corsOrigins?: readonly string[];
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
 * @throws ConfigError where there is no model, and for a reranker of several labels.
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
  rerankers = {},
  maxBatchTokens,
  maxConcurrentRequests = 512,
  maxClientBatchSize = 2048,
  payloadLimit = 2_000_000,
  deadlineMs = 60_000,
  autoTruncate = true,
  dimensions = {},
  apiKeys = [],
  allowedHosts = [],
  corsOrigins = [],
  onError = console.error,
}: ServerOptions): EmbeddingServer {
  const served = new Map<string, ServedModel>(
    Object.entries(models).map(([name, encoder]) => [
      name,
      {
        name,
        encoder: encoder.gathering(),
        dimensions: dimensions[name] ?? encoder.settings.matryoshkaDimensions ?? [],
      },
    ]),
  );
  const ranking = servedRerankers(rerankers);
  const [first] = served.values();
  if (first === undefined && ranking.size === 0)
    throw new ConfigError("createServer: no model. Got an empty list, expected one at least.");
  const desk = openDesk({ maxConcurrentRequests, deadlineMs });
  const all = [...served.values()];
  const probes = [
    ...all.map(({ name, encoder }): Probe => ({ name, work: (options) => encoder.encode("", options) })),
    ...Array.from(ranking.values(), ({ name, encoder }): Probe => {
      return { name, work: (options) => encoder.predict([["", ""]], options) };
    }),
  ];
  const health = watchHealth(probes, desk);
  const measures = openMeasures({
    waiting: () => [...all, ...ranking.values()].reduce((sum, { encoder }) => sum + encoder.waiting, 0),
    inWork: () => desk.inWork,
    onBatch: health.heard,
  });
  const hasKey = keyCheck(apiKeys);
  const app = new Hono();
  if (corsOrigins.length > 0)
    app.use(
      cors({
        origin: [...corsOrigins],
        allowMethods: ["GET", "POST"],
        allowHeaders: ["content-type", "authorization"],
        exposeHeaders: [...timingHeaderNames, "retry-after"],
      }),
    );
  app.use(async (c, next) => {
    const form = c.req.path.startsWith("/v1/") ? "openai" : "tei";
    try {
      checkCaller(c.req.raw, { allowedHosts, corsOrigins });
      if (!openPaths.includes(c.req.path) && !(await hasKey(c.req.raw)))
        throw new RequestError(
          "unauthorized",
          "A key is missing. Expected Authorization: Bearer KEY, one of the server's keys.",
        );
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      measures.failure(error.kind);
      return errorResponse(error, form);
    }
    await next();
    c.res.headers.set("x-content-type-options", "nosniff");
    if (desk.isDraining) c.res.headers.set("connection", "close");
    return;
  });
  app.notFound((c) =>
    errorResponse(new RequestError("not_found", `There is no ${c.req.method} ${c.req.path}.`), "tei"),
  );

  const requests = openRequests({ desk, measures, maxBatchTokens, maxClientBatchSize, payloadLimit, onError });
  embeddingRoutes(app, { models: served, requests, autoTruncate });
  rerankRoutes(app, { rerankers: ranking, requests, autoTruncate });
  const limits = {
    max_concurrent_requests: maxConcurrentRequests,
    max_batch_tokens: maxBatchTokens ?? null,
    max_client_batch_size: maxClientBatchSize,
    payload_limit: payloadLimit,
    auto_truncate: autoTruncate,
  };
  app.get("/info", (c) =>
    c.json({
      ...(first === undefined ? {} : infoOf(first)),
      ...limits,
      models: all.map(infoOf),
      rerankers: [...ranking.keys()],
    }),
  );
  app.get("/v1/models", (c) =>
    c.json({
      object: "list",
      data: all.map(({ name }) => ({ id: name, object: "model", created: 0, owned_by: "kindred" })),
    }),
  );
  app.get("/health", (c) => (health.isAlive() ? c.text("ok") : c.text("no core has answered for a minute", 503)));
  app.get("/ready", async (c) => {
    const problem = await health.problem();
    return problem === undefined ? c.text("ready") : c.text(problem, 503);
  });
  app.get("/metrics", (c) => c.text(measures.text(), 200, { "content-type": "text/plain; version=0.0.4" }));
  app.get("/openapi.json", (c) => c.json(openApi()));
  app.get("/", async (c) => c.html(page, 200, { "content-security-policy": await pagePolicy() }));

  return {
    app,
    drain: () => desk.drain(),
    get inWork() {
      return desk.inWork;
    },
  };
}

/** A model, under the names that text-embeddings-inference has for what it tells. */
function infoOf({ name, encoder, dimensions }: ServedModel): object {
  const { settings, dimension, tokenizer, model } = encoder;
  const [pooling] = model.modules;
  return {
    model_id: name,
    model_dtype: encoder.weights,
    model_type: { embedding: { pooling: pooling.modes.join("+") } },
    max_input_length: settings.maxSeqLength,
    dimension,
    dimensions,
    vocabulary: tokenizer.vocabularySize,
    similarity: settings.similarityFunction,
    prompts: settings.prompts,
    default_prompt_name: settings.defaultPromptName ?? null,
  };
}
