/** A main of `f32` arguments of one shape: the text of a StableHLO module. */
export type MainOptions = {
  /** As StableHLO writes it, without the type: `2x3x`. Default `4x`. */
  readonly sizes?: string;
  /** Which output takes the memory of an argument, by the argument's number. */
  readonly aliases?: { readonly [argument: number]: number };
  readonly outputs?: number;
};

/** `func main(%0, %1, …)` with a body that returns values. */
export function mainText(inputs: number, body: string, options: MainOptions = {}): string {
  const { sizes = "4x", aliases = {}, outputs = 1 } = options;
  const tensor = `tensor<${sizes}f32>`;
  const attribute = (i: number) => (aliases[i] === undefined ? "" : ` {tf.aliasing_output = ${aliases[i]} : i32}`);
  const head = Array.from({ length: inputs }, (_, i) => `%a${i}: ${tensor}${attribute(i)}`).join(", ");
  const results = Array.from({ length: outputs }, () => tensor).join(", ");
  return `module @test {
  func.func public @main(${head}) -> (${results}) {
${body.replaceAll("TENSOR", tensor)} : ${results}
  }
}`;
}

/** a + b. */
export const addition = mainText(2, "    %0 = stablehlo.add %a0, %a1 : TENSOR\n    return %0");

/** a − 0.5 b, in the memory of a. */
export const update = updateOf("4x");

/** The same for tensors of other sizes. */
export function updateOf(sizes: string): string {
  const body = `    %0 = stablehlo.constant dense<0.5> : TENSOR
    %1 = stablehlo.multiply %a1, %0 : TENSOR
    %2 = stablehlo.subtract %a0, %1 : TENSOR
    return %2`;
  return mainText(2, body, { sizes, aliases: { 0: 0 } });
}

/** The sum over n replicas of what each gives. */
export function allReduce(replicas: number): string {
  const group = Array.from({ length: replicas }, (_, i) => i).join(",");
  return mainText(
    1,
    `    %0 = "stablehlo.all_reduce"(%a0) <{replica_groups = dense<[[${group}]]> : tensor<1x${replicas}xi64>}> ({
      ^bb0(%l: tensor<f32>, %r: tensor<f32>):
        %s = stablehlo.add %l, %r : tensor<f32>
        stablehlo.return %s : tensor<f32>
    }) : (TENSOR) -> TENSOR
    return %0`,
  );
}

/** Products of n × n matrices, one after the other: some seconds of work. */
export function longWork(size: number, products: number): string {
  const tensor = `tensor<${size}x${size}xf32>`;
  const lines = Array.from(
    { length: products },
    (_, i) =>
      `    %${i + 1} = stablehlo.dot_general ${i === 0 ? "%a0" : `%${i}`}, %a0, contracting_dims = [1] x [0] : (${tensor}, ${tensor}) -> ${tensor}`,
  );
  return mainText(1, `${lines.join("\n")}\n    return %${products}`, { sizes: `${size}x${size}x` });
}
