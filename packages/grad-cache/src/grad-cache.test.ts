import { ConfigError, OutOfMemoryError, ShapeError } from "@kindred/errors";
import {
  add,
  concatRows,
  dropout,
  embedding,
  gelu,
  l2Normalize,
  linear,
  matmulTransposed,
  meanPool,
  scale,
  softmaxCrossEntropy,
  sum,
} from "@kindred/nn";
import { childKey, keyFromSeed, normal } from "@kindred/random";
import {
  activeEngine,
  asWasmBackend,
  defineEngine,
  type Float,
  type Layout,
  packed,
  type RowGradient,
  tfjs,
  valueAndGradients,
} from "@kindred/tensor";
import { expectMutantToFail } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { expectReplay, type GradCacheOptions, gradCache } from "./index.ts";

const [features, inner, hidden] = [6, 16, 4];
const key = keyFromSeed("grad-cache");

type Chunk = { readonly x: Float32Array; readonly layout: Layout };
type Parameters = { readonly first: Float<"out in">; readonly second: Float<"out in">; readonly bias: Float<"out"> };

let parameters: Parameters;
let tensorsBefore: number;

beforeAll(() => tfjs().start());
beforeEach(() => {
  tensorsBefore = activeEngine().memory().tensors;
  const weights = (name: string, shape: number[]) =>
    tf.tensor(normal(childKey(key, name), tf.util.sizeFromShape(shape), {}), shape);
  parameters = {
    first: weights("first", [inner, features]),
    second: weights("second", [hidden, inner]),
    bias: weights("bias", [hidden]),
  };
});
afterEach(() => {
  tf.dispose(parameters as unknown as tf.NamedTensorMap);
  expect(activeEngine().memory().tensors).toBe(tensorsBefore); // no test leaves a tensor behind
});

/** A column of sentences of 1, 2, 3, 1, 2, … tokens, cut into chunks of the given sizes. */
function column(name: number, sizes: readonly number[]): Chunk[] {
  let row = 0;
  return sizes.map((size) => {
    const rows = Int32Array.from({ length: size }, () => row++);
    const lengths = rows.map((i) => 1 + (i % 3));
    const x = [...rows].flatMap((i) => [...normal(childKey(key, "x", name, i), features * (1 + (i % 3)), {})]);
    return { x: Float32Array.from(x), layout: packed(lengths, { numbers: rows }) };
  });
}

/** Linear, GELU, dropout, linear, mean, norm: enough for every kind of gradient. Dropout is keyed by the rows of the whole batch. */
function embed({ x, layout }: Chunk, column: number): Float<"chunk hidden"> {
  const input: Float<"tokens features"> = tf.tensor2d(x, [x.length / features, features]);
  const { first, second, bias } = parameters;
  const active = gelu(linear(input, first));
  const dropped = dropout(active, { rate: 0.3, key: childKey(key, "dropout", column), layout });
  const pooled: Float = l2Normalize(meanPool(linear(dropped, second, bias), { layout }));
  return pooled; // the batch is a chunk here
}

/** One-way contrastive loss of queries against all other columns. */
function loss([queries, ...documents]: Float[]): Float<""> {
  const scores = matmulTransposed(scale(queries!, 5), concatRows(documents));
  return sum(
    softmaxCrossEntropy(
      scores,
      Int32Array.from({ length: scores.shape[0]! }, (_, i) => i),
    ),
  );
}

type Numbers = { readonly value: number; readonly gradients: { readonly [name: string]: Float32Array } };

type Result = { readonly value: Float; readonly gradients: { readonly [name: string]: Float | undefined } };

/** The numbers of a result, which is disposed; the replay of a cached one is looked at. */
function numbers({ value, gradients, drift }: Result & { readonly drift?: Float }): Numbers {
  const read = Object.entries(gradients).map(([name, gradient]) => [name, Float32Array.from(gradient!.dataSync())]);
  const result = { value: value.dataSync()[0]!, gradients: Object.fromEntries(read) };
  const drifted = drift?.dataSync()[0] ?? 0;
  tf.dispose([value, gradients, drift] as tf.TensorContainer);
  expectReplay(drifted);
  return result;
}

/** The whole batch recorded at once. */
function plain(rows: number, columns: number): Numbers {
  const whole = Array.from({ length: columns }, (_, c) => column(c, [rows])[0]!);
  return numbers(valueAndGradients(() => loss(whole.map((chunk, c) => embed(chunk, c))), parameters));
}

function cached(sizes: readonly (readonly number[])[], options: Partial<GradCacheOptions<Chunk>> = {}): Numbers {
  const columns = sizes.map((ofColumn, c) => column(c, ofColumn));
  return numbers(gradCache({ columns, embed, loss, parameters, ...options }));
}

/** A number of rows, and for each of two to four columns a way to cut them into chunks. */
const cuts = fc.integer({ min: 1, max: 9 }).chain((rows) => {
  const cut = fc.subarray(Array.from({ length: rows - 1 }, (_, i) => i + 1)).map((inside) => {
    const edges = [0, ...inside, rows];
    return edges.slice(1).map((edge, i) => edge - edges[i]!);
  });
  return fc.array(cut, { minLength: 2, maxLength: 4 }).map((sizes) => ({ rows, sizes }));
});

/**
 * Both ways add the same float32 numbers up in another order: at most 9 rows · 3 tokens · 4 columns = 108 terms for a weight, each
 * addition rounded by 2^-24: below 1e-5 of the terms' size, which is up to ten times that of the largest entry.
 */
function expectSame(actual: Numbers, expected: Numbers): void {
  expect(Math.abs(actual.value - expected.value)).toBeLessThanOrEqual(1e-5 * (1 + expected.value));
  expect(Object.keys(actual.gradients).sort()).toEqual(Object.keys(expected.gradients).sort());
  for (const [name, gradient] of Object.entries(expected.gradients)) {
    const largest = gradient.reduce((most, x) => Math.max(most, Math.abs(x)), 1e-3);
    expect(actual.gradients[name]).toBeCloseToArray(gradient, { tolerance: 1e-4 * largest });
  }
}

test("any chunk sizes, of each column its own, give the plain value and gradients, dropout on", () => {
  fc.assert(
    fc.property(cuts, ({ rows, sizes }) => expectSame(cached(sizes), plain(rows, sizes.length))),
    { numRuns: 60 },
  );
});

test("mutants: dropout by the row's place in its chunk, and a chunk left out, are noticed", () => {
  const expected = plain(6, 2);
  const sizes = [
    [4, 2],
    [3, 3],
  ];
  expectSame(cached(sizes), expected);
  const byPlace = ({ x, layout }: Chunk, column: number) => {
    const { starts, lengths } = layout.data;
    return embed({ x, layout: { ...layout, data: { starts, lengths } } }, column);
  };
  expectMutantToFail(() => expectSame(cached(sizes, { embed: byPlace }), expected));
  let calls = 0;
  const lastLeftOut = (name: string, part: Float) => {
    if (calls++ < 9) parts[name] = (parts[name] ?? new Float32Array(part.size)).map((x, i) => x + part.dataSync()[i]!);
  };
  const parts: { [name: string]: Float32Array } = {};
  const { value } = cached(sizes, { onGradient: lastLeftOut });
  expectMutantToFail(() => expectSame({ value, gradients: parts }, expected));
});

test("the parts that onGradient gets add up to the gradients, and the record is then empty", () => {
  const sizes = [[2, 3], [5]];
  const sums: { [name: string]: Float32Array } = {};
  const onGradient = (name: string, part: Float) => {
    const values = part.dataSync();
    sums[name] = (sums[name] ?? new Float32Array(values.length)).map((x, i) => x + values[i]!);
  };
  const { value, gradients } = cached(sizes, { onGradient });
  expect(gradients).toEqual({});
  expectSame({ value, gradients: sums }, cached(sizes));
});

test("the rows that onRowGradient gets, of all chunks, add up to the gradient of a table", () => {
  const table: Float<"vocab hidden"> = tf.tensor(normal(childKey(key, "table"), 5 * hidden, {}), [5, hidden]);
  const lookUp = (ids: readonly number[]) =>
    l2Normalize(embedding(Int32Array.from(ids), table) as tf.Tensor) as tf.Tensor;
  const columns = [
    [[0, 1], [3]],
    [[1], [4, 1]],
  ];
  const options = { columns, embed: lookUp, loss, parameters: { table } };
  const sum = new Float32Array(5 * hidden);
  const onRowGradient = (_: string, { rows, values }: RowGradient) => {
    for (const [i, x] of values.dataSync().entries()) sum[hidden * rows[Math.floor(i / hidden)]! + (i % hidden)]! += x;
  };
  const { value } = numbers(gradCache({ ...options, onRowGradient }));
  const whole = numbers(gradCache(options));
  expectSame({ value, gradients: { table: sum } }, whole);
  table.dispose();
});

test("embed is called twice for every chunk, in order", () => {
  const calls: string[] = [];
  const noting = (chunk: Chunk, c: number) => {
    calls.push(`${c}:${chunk.layout.data.numbers![0]}`);
    return embed(chunk, c);
  };
  cached([[1, 2], [3]], { embed: noting });
  expect(calls).toEqual(["0:0", "0:1", "1:0", "0:0", "0:1", "1:0"]);
});

test("an engine that records is told where a part ends: after each chunk's embedding, the loss, and each chunk's way back", async () => {
  const told: string[] = [];
  const cutting = defineEngine({
    name: "cutting",
    load: async () => {
      const parts = await tfjs().load();
      return { ...parts, running: { ...parts.running, cut: () => void told.push("cut") } };
    },
  });
  const noting = (name: string) => {
    told.push(name);
  };
  const { stop } = await cutting.start();
  cached([[1, 2], [3]], {
    embed: (chunk, c) => {
      noting("embed");
      return embed(chunk, c);
    },
    loss: (embeddings) => {
      noting("loss");
      return loss(embeddings);
    },
  });
  stop();
  expect(told.join(" ")).toBe(`${"embed cut ".repeat(3)}loss cut ${"embed cut ".repeat(3)}`.trim());
});

test("a parameter that no chunk reaches has no gradient", () => {
  const unused: Float = tf.zeros([2]);
  const { gradients } = cached([[2], [2]], { parameters: { ...parameters, unused } });
  expect(Object.keys(gradients).sort()).toEqual(["bias", "first", "second"]);
  unused.dispose();
});

test("eight times the rows add their embeddings to the peak of memory, not their activations", async () => {
  // A loss without a score matrix, which would grow with the square of the batch.
  const pairwise = ([a, b]: Float[]) => sum(add(a!, scale(b!, 2)));
  const peakOf = async (run: () => unknown) => {
    const before = tf.memory().numBytes;
    const { peakBytes } = await tf.profile(() => void run());
    return peakBytes - before;
  };
  const grown = async (run: (chunks: number) => unknown) =>
    (await peakOf(() => run(16))) - (await peakOf(() => run(2)));
  const ofThree = (chunks: number) => Array.from({ length: chunks }, () => 3);
  const cachedGrowth = await grown((chunks) => cached([ofThree(chunks), ofThree(chunks)], { loss: pairwise }));
  const plainGrowth = await grown((chunks) => {
    const [a, b] = [0, 1].map((name) => column(name, [3 * chunks])[0]!);
    return numbers(valueAndGradients(() => pairwise([embed(a!, 0), embed(b!, 1)]), parameters));
  });
  const embeddingsBytes = 2 * (3 * 14) * hidden * 4;
  // At the end of step 2: the embeddings, their gradients, and in the loss scale's result, the sum's and their gradients.
  expect(cachedGrowth).toBeLessThanOrEqual(5 * embeddingsBytes);
  // A sentence has two tokens on average, and a token at least three recorded tensors of `inner`, four times `hidden`.
  expect(plainGrowth).toBeGreaterThanOrEqual(2 * 3 * 4 * embeddingsBytes);
});

test("nothing stays behind when embed, loss or onGradient throws, whenever they do", () => {
  const before = activeEngine().memory();
  const sizes = [[2, 1], [3]];
  const failAt = (call: number) => {
    let calls = 0;
    return () => {
      if (++calls === call) throw new Error("as planned");
    };
  };
  for (let call = 1; call <= 6; call++) {
    const fail = failAt(call);
    const failing = (chunk: Chunk, c: number) => {
      const embedded = embed(chunk, c);
      fail();
      return embedded;
    };
    expect(() => cached(sizes, { embed: failing })).toThrow("as planned");
  }
  const lossThatFails = (embeddings: Float[]) => {
    loss(embeddings);
    throw new Error("as planned");
  };
  expect(() => cached(sizes, { loss: lossThatFails })).toThrow("as planned");
  for (let call = 1; call <= 9; call++) {
    expect(() => cached(sizes, { onGradient: failAt(call) })).toThrow("as planned");
  }
  expect(activeEngine().memory()).toEqual(before);
});

test("no tensor stays behind, whichever allocation finds the heap full", () => {
  const sizes = [[2, 1], [3]];
  const module = asWasmBackend(tf.backend())!.wasm; // tfjs runs on it here
  const { _malloc } = module;
  const before = activeEngine().memory().tensors;
  let calls = 0;
  const fullAt = (call: number) => {
    calls = 0;
    module._malloc = (bytes) => {
      if (++calls === call) throw new OutOfMemoryError("full", { requestedBytes: bytes, usedBytes: 0, limitBytes: 0 });
      return _malloc(bytes);
    };
  };
  try {
    fullAt(0);
    cached(sizes);
    const allocations = calls;
    expect(allocations).toBeGreaterThan(100);
    for (let call = 1; call <= allocations; call++) {
      fullAt(call);
      expect(() => cached(sizes)).toThrow(OutOfMemoryError);
      expect({ call, tensors: activeEngine().memory().tensors }).toEqual({ call, tensors: before });
    }
  } finally {
    module._malloc = _malloc;
  }
});

test("a column that the loss does not use is refused", () => {
  const ignoring = ([a, b]: Float[]) => loss([a!, b!]);
  expect(() => cached([[2], [2], [1, 1]], { loss: ignoring })).toThrow("Got no gradient for column 2 of 3");
});

test("weights of the loss's own get their gradients beside the model's, once", () => {
  const projection: Float<"out in"> = tf.tensor(normal(childKey(key, "projection"), 3 * hidden, {}), [3, hidden]);
  const projected = (embeddings: Float[]) => loss(embeddings.map((rows) => linear(rows as tf.Tensor, projection)));
  const all = { ...parameters, projection };
  const whole = [0, 1].map((c) => column(c, [5])[0]!);
  const expected = numbers(valueAndGradients(() => projected(whole.map((chunk, c) => embed(chunk, c))), all));
  const names: string[] = [];
  expectSame(
    cached(
      [
        [2, 3],
        [4, 1],
      ],
      { loss: projected, parameters: all },
    ),
    expected,
  );
  cached(
    [
      [2, 3],
      [4, 1],
    ],
    { loss: projected, parameters: all, onGradient: (name) => names.push(name) },
  );
  expect(names.filter((name) => name === "projection")).toHaveLength(1);
  expectMutantToFail(() =>
    expectSame(
      cached(
        [
          [2, 3],
          [4, 1],
        ],
        { loss: projected },
      ),
      expected,
    ),
  );
  projection.dispose();
});

test("which ops are called depends on shapes alone, and nothing is read before the end", async () => {
  const kernelsOf = async (scale: number): Promise<readonly string[]> => {
    const columns = [
      [2, 3],
      [4, 1],
    ].map((sizes, c) => column(c, sizes).map(({ x, layout }) => ({ x: x.map((value) => value * scale), layout })));
    const step = () => {
      const { value, gradients, drift } = gradCache({ columns, embed, loss, parameters });
      tf.dispose([value, gradients, drift] as tf.TensorContainer);
    };
    const read = vi.spyOn(tf.Tensor.prototype, "dataSync");
    step();
    expect(read).not.toHaveBeenCalled();
    read.mockRestore();
    const { kernelNames } = await tf.profile(step); // it reads to measure
    return kernelNames;
  };
  const kernels = await kernelsOf(1);
  expect(await kernelsOf(0)).toEqual(kernels);
  expect(await kernelsOf(1e30)).toEqual(kernels);
});

test("an embed that gives something else the second time is refused", () => {
  let use = 0;
  const drifting = ({ x, layout }: Chunk, column: number) => {
    const input = tf.tensor2d(x, [x.length / features, features]) as tf.Tensor;
    const dropped = dropout(input, { rate: 0.5, key: childKey(key, "use", use++, column), layout }) as tf.Tensor;
    return meanPool(linear(dropped, parameters.first) as tf.Tensor, { layout }) as tf.Tensor;
  };
  expect(() => cached([[2], [2]], { embed: drifting })).toThrow("embed gave other embeddings the second time");
  expect(() => cached([[2], [2]], { embed: drifting })).toThrow(ConfigError);
});

test("batches of nothing and chunks of different widths are refused", () => {
  expect(() => cached([])).toThrow("Got 0 columns, expected at least one column");
  expect(() => cached([[2], []])).toThrow("Got 2 columns, column 1 without a chunk");
  const widths = (chunk: Chunk, c: number): Float<"chunk hidden"> =>
    chunk.layout.data.numbers![0] === 0 ? embed(chunk, c) : tf.ones([1, hidden + 1]);
  expect(() => cached([[1, 1], [2]], { embed: widths })).toThrow(ShapeError);
});
