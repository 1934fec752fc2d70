import { ConfigError } from "@kindred/errors";
import type { CrossEncoder } from "@kindred/sentence-encoder";
import type { Hono } from "hono";
import { checkBody } from "./check-body.ts";
import { RequestError } from "./request-error.ts";
import { type Call, namedIn, type Requests } from "./requests.ts";
import { cohereBody, rerankBody } from "./schemas.ts";
import type { TextRules } from "./served-model.ts";

/** A model that ranks, under its name. */
export type ServedReranker = { readonly name: string; readonly encoder: CrossEncoder };

/** What the routes that rank work with. */
export type RerankService = {
  /** By name, the default one first. */
  readonly rerankers: ReadonlyMap<string, ServedReranker>;
  readonly requests: Requests;
  readonly autoTruncate: boolean;
};

/**
 * Cross-encoders as many callers use them.
 *
 * @throws ConfigError for one of several labels, none of which is the score
 */
export function servedRerankers(rerankers: { readonly [name: string]: CrossEncoder }): Map<string, ServedReranker> {
  return new Map(
    Object.entries(rerankers).map(([name, crossEncoder]) => {
      const { labels } = crossEncoder.settings;
      if (labels === 1) return [name, { name, encoder: crossEncoder.gathering() }];
      throw new ConfigError(`createServer: ${name} can rank nothing. Got ${labels} labels, expected 1.`, { labels });
    }),
  );
}

/** What a body says of pairs. */
type Asked = Omit<TextRules, "truncate" | "prompt_name"> & {
  readonly truncate?: boolean | null | undefined;
  readonly raw_scores?: boolean | null | undefined;
  readonly model?: string | null | undefined;
};

/** Adds the routes that rank texts by a query. */
export function rerankRoutes(app: Hono, { rerankers, requests, autoTruncate }: RerankService): void {
  /** The texts' places and scores, the best first. */
  async function ranked(query: string, texts: readonly string[], asked: Asked, call: Call) {
    const { name, encoder } = namedIn(rerankers, asked.model);
    requests.admitTexts(texts.length);
    const side = asked.truncation_direction?.toLowerCase() as "left" | "right" | undefined; // the schema knows these alone
    const pairs = texts.map((text) => [query, text] as const);
    const tokens = encoder.tokenize(pairs, side === undefined ? {} : { truncationSide: side });
    const [first] = tokens.truncated;
    if (first !== undefined && !(asked.truncate ?? autoTruncate))
      throw new RequestError(
        "validation",
        `Text ${first} is too long. Got with the query more than the ${encoder.settings.maxSeqLength} tokens that the model reads. Shorten it, or ask for truncate: true.`,
      );
    const { options, finish } = requests.begin([query, ...texts], tokens.ids.length, call);
    const { scores } = await encoder.predictTokens(tokens, {
      ...options,
      activation: asked.raw_scores === true ? "identity" : "sigmoid",
      priority: texts.length === 1 ? 1 : 0,
    });
    const results = Array.from(scores, (score, index) => ({ index, score }));
    results.sort((a, b) => b.score - a.score || a.index - b.index);
    return { results, name, tokens: tokens.ids.length, headers: finish() };
  }

  async function rerank(json: unknown, call: Call): Promise<Response> {
    const { query, texts, return_text, ...asked } = checkBody(rerankBody, json);
    const { results, headers } = await ranked(query, texts, asked, call);
    const rows = results.map((row) => (return_text === true ? { ...row, text: texts[row.index] } : row));
    return Response.json(rows, { headers });
  }

  async function rerankAsCohere(json: unknown, call: Call): Promise<Response> {
    const { query, documents, top_n, return_documents, ...asked } = checkBody(cohereBody, json);
    const texts = documents.map((document) => (typeof document === "string" ? document : document.text));
    const { results, name, tokens, headers } = await ranked(query, texts, asked, call);
    const body = {
      id: crypto.randomUUID(),
      model: name,
      results: results.slice(0, top_n ?? undefined).map(({ index, score }) => ({
        index,
        relevance_score: score,
        ...(return_documents === true && { document: { text: texts[index] } }),
      })),
      usage: { total_tokens: tokens },
    };
    return Response.json(body, { headers });
  }

  app.post("/rerank", (c) =>
    requests.respond("tei", c.req.raw, (json, call) => {
      const isCohere = typeof json === "object" && json !== null && "documents" in json;
      return isCohere ? rerankAsCohere(json, call) : rerank(json, call);
    }),
  );

  app.post("/v1/rerank", (c) => requests.respond("openai", c.req.raw, rerankAsCohere));
}
