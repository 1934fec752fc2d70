import * as v from "valibot";

/** `undefined` stands for all that a value may be: the form in which a schema is written down. */
function choice<const Schema extends v.GenericSchema>(whole: Schema, choose: (value: unknown) => v.GenericSchema) {
  return v.lazy(
    (value: unknown): v.GenericSchema<v.InferInput<Schema>, v.InferOutput<Schema>> =>
      value === undefined ? whole : (choose(value) as Schema),
  );
}

const isWellFormed = (text: string) => !/\p{Surrogate}/u.test(text);

const text = v.pipe(v.string("a text"), v.check(isWellFormed, "a text without halves of surrogate pairs"));

const tokenIds = v.pipe(v.array(v.pipe(v.number(), v.integer(), v.minValue(0))), v.minLength(1));

const textOrIds = choice(v.union([text, tokenIds]), (value) => (Array.isArray(value) ? tokenIds : text));

/** One text, ids of one text, or a list of both. */
const inputs = choice(v.union([text, tokenIds, v.array(textOrIds)]), (value) => {
  if (!Array.isArray(value)) return text;
  return typeof value[0] === "number" ? tokenIds : v.array(textOrIds);
});

const nullish = <Schema extends v.GenericSchema>(schema: Schema) => v.nullish(schema);

const model = v.pipe(
  nullish(v.string()),
  v.description(
    "Which of the models that are served. Default: the first; where there is one alone, any name means it.",
  ),
);

const aboutTexts = {
  truncate: v.pipe(
    nullish(v.boolean()),
    v.description(
      "Whether a text of too many tokens loses some, or the request is refused. Default: as the server was started.",
    ),
  ),
  truncation_direction: v.pipe(
    nullish(v.picklist(["left", "right", "Left", "Right"])),
    v.description("At which end it loses them. Default: the right, unless the model's tokenizer says otherwise."),
  ),
  prompt_name: v.pipe(
    nullish(v.string()),
    v.description(
      "The model's prompt of this name is put in front of every text. Default: the model's own default prompt.",
    ),
  ),
};

const dimensions = v.pipe(
  nullish(v.pipe(v.number(), v.integer(), v.minValue(1))),
  v.description("How many numbers of a vector are kept, for models that are trained for it."),
);

/** The body of `POST /embed`. */
export const embedBody = v.strictObject({
  inputs,
  ...aboutTexts,
  normalize: v.pipe(nullish(v.boolean()), v.description("Divide every vector by its length. Default: true.")),
  dimensions,
  model,
});

/** The body of `POST /v1/embeddings`. */
export const openAiBody = v.strictObject({
  input: inputs,
  model,
  encoding_format: v.pipe(
    nullish(v.picklist(["float", "base64"])),
    v.description("Numbers, or the bytes of their float32 values, little end first, in base64. Default: float."),
  ),
  dimensions,
  user: v.pipe(nullish(v.string()), v.description("Taken and not looked at.")),
  ...aboutTexts,
});

/** The body of `POST /embed_all`. */
export const embedAllBody = v.strictObject({ inputs, ...aboutTexts, model });

/** The body of `POST /similarity`. */
export const similarityBody = v.strictObject({
  inputs: v.strictObject({
    source_sentence: v.pipe(text, v.description("The text that the others are compared with.")),
    sentences: v.array(text),
  }),
  parameters: nullish(v.strictObject(aboutTexts)),
  model,
});

/** The body of `POST /tokenize`. */
export const tokenizeBody = v.strictObject({
  inputs: choice(v.union([text, v.array(text)]), (value) => (Array.isArray(value) ? v.array(text) : text)),
  add_special_tokens: v.pipe(
    nullish(v.boolean()),
    v.description("Whether the tokens around a text are told of. Default: true."),
  ),
  prompt_name: aboutTexts.prompt_name,
  model,
});

const aboutPairs = {
  truncate: aboutTexts.truncate,
  truncation_direction: aboutTexts.truncation_direction,
  raw_scores: v.pipe(
    nullish(v.boolean()),
    v.description("Whether scores are the model's own numbers, of any size. Default: false, between 0 and 1."),
  ),
  model,
};

const query = v.pipe(text, v.description("What the others are ranked by."));

/** The body of `POST /rerank` in text-embeddings-inference's form. */
export const rerankBody = v.strictObject({
  query,
  texts: v.array(text),
  return_text: v.pipe(nullish(v.boolean()), v.description("Whether each comes with its text. Default: false.")),
  ...aboutPairs,
});

/** The body of `POST /v1/rerank`, and of `/rerank` in Cohere's form. */
export const cohereBody = v.strictObject({
  query,
  documents: v.array(
    choice(v.union([text, v.strictObject({ text })]), (value) =>
      typeof value === "string" ? text : v.strictObject({ text }),
    ),
  ),
  top_n: v.pipe(
    nullish(v.pipe(v.number(), v.integer(), v.minValue(1))),
    v.description("How many documents are wanted, the best. Default: all."),
  ),
  return_documents: v.pipe(nullish(v.boolean()), v.description("Whether each comes with its text. Default: false.")),
  ...aboutPairs,
});

const vector = v.array(v.number());
const place = v.nullable(v.pipe(v.number(), v.integer()));

/** What the routes answer with. */
export const answers = {
  embed: v.array(vector),
  embedAll: v.array(v.array(vector)),
  similarity: v.array(v.number()),
  tokenize: v.array(
    v.array(
      v.object({
        id: v.pipe(v.number(), v.integer()),
        text: v.string(),
        special: v.boolean(),
        start: v.pipe(place, v.description("In characters, code points; null for the tokens around a text.")),
        stop: place,
      }),
    ),
  ),
  rerank: v.array(
    v.object({ index: v.pipe(v.number(), v.integer()), score: v.number(), text: v.optional(v.string()) }),
  ),
  cohere: v.object({
    id: v.string(),
    model: v.string(),
    results: v.array(
      v.object({
        index: v.pipe(v.number(), v.integer()),
        relevance_score: v.number(),
        document: v.optional(v.object({ text: v.string() })),
      }),
    ),
    usage: v.object({ total_tokens: v.pipe(v.number(), v.integer()) }),
  }),
  openAi: v.object({
    object: v.literal("list"),
    data: v.array(
      v.object({
        object: v.literal("embedding"),
        index: v.pipe(v.number(), v.integer()),
        embedding: v.union([vector, v.string()]),
      }),
    ),
    model: v.string(),
    usage: v.object({
      prompt_tokens: v.pipe(v.number(), v.integer()),
      total_tokens: v.pipe(v.number(), v.integer()),
    }),
  }),
  teiError: v.object({ error: v.string(), error_type: v.string() }),
  openAiError: v.object({
    error: v.object({
      message: v.string(),
      type: v.string(),
      param: v.nullable(v.string()),
      code: v.nullable(v.string()),
    }),
  }),
};
