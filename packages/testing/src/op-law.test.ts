import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { checkOp, expectMutantToFail, type OpLaw, opCases } from "./index.ts";
import { differentiateByTfjs } from "./op-evaluation.ts";

const engine = {
  name: "cpu",
  start: async () => {
    await import("@tensorflow/tfjs-backend-cpu");
    await tf.setBackend("cpu");
    return { stop: () => {} };
  },
};
const tools = { reference: engine, valueAndGradients: differentiateByTfjs };

type Inputs = { x: tf.Tensor; y: tf.Tensor };
const f = ({ x, y }: Inputs) => tf.mul(tf.square(x), y);

/** x²y as an op with a hand-written gradient, whole or with a fault. */
function law(
  name: string,
  { kernel = f, dx, dy }: Partial<Record<"kernel", typeof f>> & Fault = {},
): OpLaw<Inputs, object, object> {
  tf.registerKernel({
    kernelName: name,
    backendName: "cpu",
    kernelFunc: ({ inputs }) => tf.tidy(() => kernel(inputs as Inputs)),
  });
  tf.registerGradient({
    kernelName: name,
    inputsToSave: ["x", "y"],
    gradFunc: (upstream, [x, y]) => ({
      x: () => (dx ?? ((d, a, b) => tf.mul(d, tf.mul(tf.mul(a, b), 2))))(upstream as tf.Tensor, x!, y!),
      y: () => (dy ?? ((d, a) => tf.mul(d, tf.square(a))))(upstream as tf.Tensor, x!, y!),
    }),
  });
  return {
    op: Object.assign((inputs: Inputs) => tf.engine().runKernel<tf.Tensor>(name, inputs), {
      op: { name, composite: f },
    }),
    cases: opCases({ x: "rows columns", y: "rows columns" }),
    wrt: ["x", "y"],
    reference: ({ x, y }) => x.values.map((value, i) => value * value * (y.values[i] ?? Number.NaN)),
  };
}
type Gradient = (d: tf.Tensor, x: tf.Tensor, y: tf.Tensor) => tf.Tensor;
type Fault = { dx?: Gradient; dy?: Gradient };

beforeAll(async () => {
  await engine.start();
  // What an engine gives tfjs's kernels, for those of f and of the sum that is differentiated.
  const gradients: { readonly [kernelName: string]: tf.GradFunc } = {
    Sum: (dy, [x]) => ({ x: () => tf.mul(tf.onesLike(x!), dy as tf.Tensor) }),
    Square: (dy, [x]) => ({ x: () => tf.mul(dy as tf.Tensor, tf.mul(x!, 2)) }),
    Multiply: (dy, [a, b]) => ({ a: () => tf.mul(dy as tf.Tensor, b!), b: () => tf.mul(dy as tf.Tensor, a!) }),
  };
  for (const [kernelName, gradFunc] of Object.entries(gradients)) {
    tf.registerGradient({ kernelName, inputsToSave: kernelName === "Multiply" ? ["a", "b"] : ["x"], gradFunc });
  }
});

test("a right op keeps the law", async () => {
  await checkOp(tools, engine, law("Right"));
});

const tenThousandth = 1.0001;
test.each<[string, Partial<Record<"kernel", typeof f>> & Fault]>([
  ["a value off by 1e-4", { kernel: (inputs) => tf.mul(f(inputs), tenThousandth) }],
  ["a gradient off by 1e-4", { dx: (d, x, y) => tf.mul(d, tf.mul(tf.mul(x, y), 2 * tenThousandth)) }],
  ["a gradient of the other input", { dy: (d, x, y) => tf.mul(d, tf.mul(x, y)) }],
  ["a forgotten upstream gradient", { dy: (_, x) => tf.square(x) }],
  ["a result of another shape", { kernel: (inputs) => tf.reshape(f(inputs), [-1]) }],
])("%s breaks the law", async (name, fault) => {
  await expectMutantToFail(() => checkOp(tools, engine, law(name, fault)));
});

const failure = (faulty: OpLaw<Inputs, object, object>) =>
  checkOp(tools, engine, faulty).then(
    () => "none",
    (error) => String(error.cause),
  );

test("a kernel that leaks or writes to its input breaks the law", async () => {
  const leaking = (inputs: Inputs) => {
    tf.keep(tf.square(inputs.x));
    return f(inputs);
  };
  expect(await failure(law("Leaking", { kernel: leaking }))).toMatch(/memory leak \(1 data ids\)/);
  const writing = (inputs: Inputs) => {
    const out = f(inputs);
    (tf.backend().readSync(inputs.x.dataId) as Float32Array)[0] = 7;
    return out;
  };
  expect(await failure(law("Writing", { kernel: writing }))).toMatch(/writes to its input x/);
});

test("a reference that disagrees with both breaks the law", async () => {
  const off: OpLaw<Inputs, object, object> = { ...law("Reference"), reference: ({ x }) => x.values };
  await expectMutantToFail(() => checkOp(tools, engine, off));
});

test("a law whose tolerance hides everything fails", async () => {
  await expectMutantToFail(() => checkOp(tools, engine, { ...law("Loose"), roundings: 1e5 }));
});
