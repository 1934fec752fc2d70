import { toJsonSchema } from "@valibot/to-json-schema";
import * as v from "valibot";
import type { Form } from "./request-error.ts";
import {
  answers,
  cohereBody,
  embedAllBody,
  embedBody,
  openAiBody,
  rerankBody,
  similarityBody,
  tokenizeBody,
} from "./schemas.ts";

type Route = {
  readonly path: string;
  readonly summary: string;
  /** What is posted; without it the route is asked by GET. */
  readonly body?: v.GenericSchema;
  /** What it answers with; a type of text where it is no JSON. */
  readonly answer: v.GenericSchema | "text/plain" | "text/html" | "application/json";
  readonly form: Form;
};

const routes: readonly Route[] = [
  { path: "/embed", summary: "Vectors of texts.", body: embedBody, answer: answers.embed, form: "tei" },
  {
    path: "/embed_all",
    summary: "A vector for every token of texts, before pooling.",
    body: embedAllBody,
    answer: answers.embedAll,
    form: "tei",
  },
  {
    path: "/similarity",
    summary: "How alike a text and others are, by the model's own measure.",
    body: similarityBody,
    answer: answers.similarity,
    form: "tei",
  },
  { path: "/tokenize", summary: "The tokens of texts.", body: tokenizeBody, answer: answers.tokenize, form: "tei" },
  {
    path: "/v1/embeddings",
    summary: "Vectors of texts, as OpenAI's API has it.",
    body: openAiBody,
    answer: answers.openAi,
    form: "openai",
  },
  {
    path: "/rerank",
    summary: "Texts by their score with a query, the best first; with documents in the place of texts as /v1/rerank.",
    body: v.union([rerankBody, cohereBody]),
    answer: v.union([answers.rerank, answers.cohere]),
    form: "tei",
  },
  {
    path: "/v1/rerank",
    summary: "Documents by their score with a query, the best first, as Cohere's API has it.",
    body: cohereBody,
    answer: answers.cohere,
    form: "openai",
  },
  { path: "/v1/models", summary: "The models, as OpenAI's API has it.", answer: "application/json", form: "openai" },
  { path: "/info", summary: "The models and the limits.", answer: "application/json", form: "tei" },
  { path: "/health", summary: "Whether the server is alive.", answer: "text/plain", form: "tei" },
  { path: "/ready", summary: "Whether each model has just made a vector.", answer: "text/plain", form: "tei" },
  { path: "/metrics", summary: "Counts, as Prometheus reads them.", answer: "text/plain", form: "tei" },
  { path: "/openapi.json", summary: "This description.", answer: "application/json", form: "tei" },
  { path: "/", summary: "A page to try it.", answer: "text/html", form: "tei" },
];

/** What can go wrong on a route that takes a body. */
const failures = {
  400: "There is no text, or the body is no JSON.",
  401: "A key is missing.",
  403: "Asked by a page, or under a name, that is not allowed.",
  404: "There is no such model.",
  413: "The body is too large, or has too many texts.",
  415: "The body is not said to be JSON.",
  422: "A field is not as it should be.",
  429: "Too many requests at once: ask again after Retry-After seconds.",
  503: "The server is about to stop.",
  504: "There was no answer in time.",
};

/** The routes in the form of OpenAPI 3.1, made of the schemas that check bodies. */
export function openApi(): object {
  const paths = routes.map(({ path, summary, body, answer, form }) => {
    const content =
      typeof answer === "string" ? { [answer]: {} } : { "application/json": { schema: schemaOf(answer) } };
    const error = { "application/json": { schema: { $ref: `#/components/schemas/${form}Error` } } };
    const errors = Object.entries(body === undefined ? {} : failures).map(([status, description]) => [
      status,
      { description, content: error },
    ]);
    const operation = {
      summary,
      ...(body === undefined
        ? {}
        : {
            requestBody: { required: true, content: { "application/json": { schema: schemaOf(body) } } },
            security: [{}, { key: [] }],
          }),
      responses: { 200: { description: "Done.", content }, ...Object.fromEntries(errors) },
    };
    return [path, { [body === undefined ? "get" : "post"]: operation }];
  });
  return {
    openapi: "3.1.0",
    info: { title: "Kindred", version: "0.1.0", description: "Vectors of texts." },
    paths: Object.fromEntries(paths),
    components: {
      schemas: { teiError: schemaOf(answers.teiError), openaiError: schemaOf(answers.openAiError) },
      securitySchemes: { key: { type: "http", scheme: "bearer" } },
    },
  };
}

function schemaOf(schema: v.GenericSchema): object {
  const {
    $schema: _,
    $defs: __,
    ...json
  } = toJsonSchema(schema, {
    target: "draft-2020-12",
    ignoreActions: ["check"],
    // A choice by what was given is written down as all that may be.
    overrideSchema: ({ valibotSchema }) =>
      valibotSchema.type === "lazy" && "getter" in valibotSchema
        ? schemaOf((valibotSchema as unknown as { getter(input: unknown): v.GenericSchema }).getter(undefined)) // a lazy schema has one
        : undefined,
  });
  return json;
}
