import { ConfigError, ShapeError } from "@kindred/errors";
import { dropout, linear, meanPool } from "@kindred/nn";
import { childKey } from "@kindred/random";
import { defineEngine, type Float, tfjs } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { expect, test, vi } from "vitest";
import {
  features,
  hidden,
  key,
  type Chunk,
  parameters,
  column,
  embed,
  loss,
  cached,
} from "../test-support/small-batch.ts";
import { gradCache } from "./index.ts";

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

test("a column that the loss does not use is refused", () => {
  const ignoring = ([a, b]: Float[]) => loss([a!, b!]);
  expect(() => cached([[2], [2], [1, 1]], { loss: ignoring })).toThrow("Got no gradient for column 2 of 3");
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
