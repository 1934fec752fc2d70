import type { ComputedBatch, TextInput } from "@kindred/sentence-encoder";
import type { Desk } from "./desk.ts";
import type { Measures } from "./measures.ts";
import { readBody } from "./read-body.ts";
import { errorResponse, type Form, RequestError } from "./request-error.ts";
import type { Work } from "./served-model.ts";
import { timingHeaders } from "./timing-headers.ts";

/** What requests with texts are let in, counted and bounded by. */
export type RequestRules = {
  readonly desk: Desk;
  readonly measures: Measures;
  readonly maxBatchTokens: number | undefined;
  readonly maxClientBatchSize: number;
  readonly payloadLimit: number;
  readonly onError: (error: unknown) => void;
};

/** When a request came, and what tells that nobody waits for it any more. */
export type Call = { readonly signal: AbortSignal; readonly started: number };

/** What is made of a request's body. */
export type Answer = (body: unknown, call: Call) => Promise<Response>;

/** What all routes that take texts do with a request. */
export type Requests = ReturnType<typeof openRequests>;

/** How requests with texts are answered, whatever is made of the texts. */
export function openRequests(rules: RequestRules) {
  const { desk, measures, maxBatchTokens, maxClientBatchSize, payloadLimit, onError } = rules;
  /** Refuses a request without texts, or with too many. */
  function checkCount(texts: number): void {
    if (texts === 0) throw new RequestError("empty", "There is no text. Expected one at least.");
    if (texts > maxClientBatchSize)
      throw new RequestError("too_large", `Too many texts. Got ${texts}, expected at most ${maxClientBatchSize}.`);
  }
  return {
    checkCount,
    /** Answers a request that may fail, in the form of its route. */
    async respond(form: Form, request: Request, answer: Answer): Promise<Response> {
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
    },

    /** Counts a request for a model's work, unless it has no texts or too many. */
    admitTexts(texts: number): void {
      checkCount(texts);
      measures.request(texts);
    },

    /** What a model is told of a request whose texts are tokens now, and what counts it and gives its headers when it is done. */
    begin(inputs: readonly TextInput[], tokens: number, { signal, started }: Call) {
      const work = newWork(inputs, tokens, performance.now() - started);
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
      return { work, options, finish };
    },
  };
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

/** What a request names among what is served. Where there is one alone, whatever name a client was made with means it. */
export function namedIn<Served>(served: ReadonlyMap<string, Served>, name: string | null | undefined): Served {
  const [first] = served.values();
  const found = name === null || name === undefined || served.size === 1 ? first : served.get(name);
  if (found !== undefined) return found;
  if (first === undefined)
    throw new RequestError("model_not_found", "No model for this route. Start the server with one.");
  const names = [...served.keys()].join(", ");
  const field = "model";
  throw new RequestError("model_not_found", `No model ${JSON.stringify(name)}. Expected one of ${names}.`, { field });
}
