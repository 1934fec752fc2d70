import { expectAxes, expectOneEachAxis, withLength } from "./axes.ts";
import { Elements } from "./elements.ts";
import { expectSameType, expectType } from "./elementwise.ts";
import { refuse } from "./refuse.ts";
import { elementCount, listText, type Shape, sameShape, typeText, type Value } from "./value.ts";

/** Recording of where elements go: transposed, cut out, put in, joined, picked by row. */
export class Arrangement extends Elements {
  /** The axes in another order: axis i of the result is axis `order[i]` of x. */
  transpose(x: Value, order: readonly number[]): Value {
    expectOneEachAxis("transpose", x, { order });
    expectAxes("transpose", x, order);
    if (order.every((axis, i) => axis === i)) return x;
    const shape = order.map((axis) => x.shape[axis] ?? 0);
    return this.#moved("transpose", `$0, dims = ${listText(order)}`, [x], shape);
  }

  /** The elements from `starts` on, `sizes` along each axis, every `strides`-th. */
  slice(x: Value, starts: readonly number[], sizes: Shape, strides: readonly number[] = sizes.map(() => 1)): Value {
    expectOneEachAxis("slice", x, { starts, sizes, strides });
    const ends = sizes.map((size, i) => (starts[i] ?? 0) + (size === 0 ? 0 : (size - 1) * (strides[i] ?? 1) + 1));
    const inside = x.shape.every(
      (length, i) => (starts[i] ?? -1) >= 0 && (sizes[i] ?? -1) >= 0 && (ends[i] ?? 0) <= length,
    );
    if (!inside || strides.some((stride) => stride < 1))
      refuse("slice", "it reaches outside", { x, starts, sizes, strides }, "a part of x");
    if (sameShape(x.shape, sizes)) return x;
    const ranges = ends.map((end, i) => `${starts[i]}:${end}${strides[i] === 1 ? "" : `:${strides[i]}`}`);
    return this.#moved("slice", `$0 ${listText(ranges)}`, [x], sizes);
  }

  /**
   * The elements from `starts` on, `sizes` along each axis, where the starts are known only when the program runs: scalars
   * of i32. A start that would reach outside is moved back inside.
   */
  dynamicSlice(x: Value, starts: readonly Value[], sizes: Shape): Value {
    expectOneEachAxis("dynamicSlice", x, { starts, sizes });
    expectStarts("dynamicSlice", starts);
    expectInside("dynamicSlice", x, sizes);
    if (sameShape(x.shape, sizes)) return x;
    const names = starts.map((_, i) => `, $${i + 1}`).join("");
    return this.#moved("dynamic_slice", `$0${names}, sizes = ${listText(sizes)}`, [x, ...starts], sizes);
  }

  /** `x` with `update` put in from `starts` on (scalars of i32, moved back inside where it would reach outside). */
  dynamicUpdateSlice(x: Value, update: Value, starts: readonly Value[]): Value {
    expectOneEachAxis("dynamicUpdateSlice", x, { starts, update: update.shape });
    expectSameType("dynamicUpdateSlice", x, update);
    expectStarts("dynamicUpdateSlice", starts);
    expectInside("dynamicUpdateSlice", x, update.shape);
    if (sameShape(x.shape, update.shape)) return update;
    const names = starts.map((_, i) => `, $${i + 2}`).join("");
    return this.#moved("dynamic_update_slice", `$0, $1${names}`, [x, update, ...starts], x.shape);
  }

  /** `x` with `low` elements before and `high` behind it along each axis, each of them `value` (a scalar). */
  pad(x: Value, low: readonly number[], high: readonly number[], value: Value | number = 0): Value {
    expectOneEachAxis("pad", x, { low, high });
    if ([...low, ...high].some((count) => count < 0))
      refuse("pad", "fewer than none", { x, low, high }, "numbers from 0 on: slice cuts off");
    const filler = typeof value === "number" ? this.constant(value, x.type) : value;
    expectSameType("pad", x, filler);
    if (filler.shape.length > 0) refuse("pad", "the value is no scalar", { value: filler }, "shape []");
    const shape = x.shape.map((length, i) => (low[i] ?? 0) + length + (high[i] ?? 0));
    if (sameShape(x.shape, shape)) return x;
    const amounts = `low = ${listText(low)}, high = ${listText(high)}, interior = ${listText(low.map(() => 0))}`;
    return this.#moved("pad", `$0, $1, ${amounts}`, [x, filler], shape);
  }

  /** Tensors of one type end to end along one axis; the other axes are alike. */
  concatenate(xs: readonly Value[], axis: number): Value {
    const [first] = xs;
    if (!first) return refuse("concatenate", "nothing to join", { values: 0 }, "at least one value");
    expectAxes("concatenate", first, [axis]);
    let length = 0;
    for (const x of xs) {
      expectSameType("concatenate", first, x);
      const own = x.shape[axis] ?? 0;
      if (!sameShape(withLength(first.shape, axis, own), x.shape))
        refuse("concatenate", "other axes differ", { first, x, axis }, "the same length on each other axis");
      length += own;
    }
    if (xs.length === 1) return first;
    const names = xs.map((_, i) => `$${i}`).join(", ");
    return this.#moved("concatenate", `${names}, dim = ${axis}`, xs, withLength(first.shape, axis, length));
  }

  /** The elements in the opposite order along some axes. */
  reverse(x: Value, axes: readonly number[]): Value {
    expectAxes("reverse", x, axes);
    if (axes.length === 0) return x;
    const line = `stablehlo.reverse $0, dims = ${listText(axes)} : ${typeText(x)}`;
    return this.record({ op: "reverse", line, inputs: [x], shape: x.shape, type: x.type });
  }

  /**
   * The rows of `x` (along its first axis) that `ids` name, one for each id: a shape of `[...ids, ...row]`. An id outside
   * is moved to the nearest row.
   */
  gatherRows(x: Value, ids: Value): Value {
    const [rows = 0, ...row] = x.shape;
    expectType("gatherRows", ids, ["i32", "ui32"]);
    if (x.shape.length === 0 || (rows === 0 && elementCount(ids.shape) > 0))
      refuse("gatherRows", "no rows to take", { x, ids }, "at least one row");
    const rank = ids.shape.length;
    const shape = [...ids.shape, ...row];
    const numbers = [
      `offset_dims = ${listText(row.map((_, i) => rank + i))}`,
      "collapsed_slice_dims = [0], start_index_map = [0]",
      `index_vector_dim = ${rank}`,
    ].join(", ");
    const line = `"stablehlo.gather"($0, $1) <{dimension_numbers = #stablehlo.gather<${numbers}>, indices_are_sorted = false, slice_sizes = array<i64: ${[1, ...row].join(", ")}>}> : (${typeText(x)}, ${typeText(ids)}) -> ${typeText({ shape, type: x.type })}`;
    return this.record({ op: "gather", line, inputs: [x, ids], shape, type: x.type });
  }

  /**
   * `x` with each row of `updates` added to the row that its id names. Rows whose id is outside, as −1, are dropped; what
   * several ids name gets the sum, in no certain order.
   */
  scatterAddRows(x: Value, ids: Value, updates: Value): Value {
    expectType("scatterAddRows", ids, ["i32", "ui32"]);
    expectType("scatterAddRows", x, ["f32", "bf16", "i32", "ui32"]);
    expectSameType("scatterAddRows", x, updates);
    const row = x.shape.slice(1);
    if (x.shape.length === 0 || !sameShape(updates.shape, [...ids.shape, ...row]))
      refuse(
        "scatterAddRows",
        "not one row an id",
        { x, ids, updates },
        `updates [${[...ids.shape, ...row].join(", ")}]`,
      );
    const rank = ids.shape.length;
    const indices = this.reshape(ids, [...ids.shape, 1]);
    const numbers = [
      `update_window_dims = ${listText(row.map((_, i) => rank + i))}`,
      "inserted_window_dims = [0], scatter_dims_to_operand_dims = [0]",
      `index_vector_dim = ${rank}`,
    ].join(", ");
    const types = `(${[x, indices, updates].map(typeText).join(", ")}) -> ${typeText(x)}`;
    const line = `"stablehlo.scatter"($0, $1, $2) <{indices_are_sorted = false, scatter_dimension_numbers = #stablehlo.scatter<${numbers}>, unique_indices = false}> ${combiner("add", x)} : ${types}`;
    return this.record({ op: "scatter", line, inputs: [x, indices, updates], shape: x.shape, type: x.type });
  }

  /**
   * The same matrix, in memory row after row: what uses it finds it so, and a transposition before it is really made.
   * XLA on CPUs multiplies bfloat16 fast only where the left factor lies so; a compiler that does not know the call refuses it.
   */
  rowMajor(x: Value): Value {
    if (x.shape.length !== 2) refuse("rowMajor", "no matrix", { x }, "two axes");
    const layout = "[dense<[1, 0]> : tensor<2xindex>]";
    const line = `stablehlo.custom_call @LayoutConstraint($0) {operand_layouts = ${layout}, result_layouts = ${layout}} : (${typeText(x)}) -> ${typeText(x)}`;
    return this.record({ op: "custom_call", line, inputs: [x], shape: x.shape, type: x.type });
  }

  #moved(op: string, text: string, inputs: readonly Value[], shape: Shape): Value {
    const type = inputs[0]?.type ?? "f32";
    const out = { shape, type };
    const line = `stablehlo.${op} ${text} : (${inputs.map(typeText).join(", ")}) -> ${typeText(out)}`;
    return this.record({ op, line, inputs, ...out });
  }
}

/** The function of two scalars with which a scatter or a collective joins elements. */
export function combiner(op: "add" | "maximum" | "minimum", { type }: Value): string {
  const scalar = typeText({ shape: [], type });
  return `({
    ^bb0(%l: ${scalar}, %r: ${scalar}):
      %s = stablehlo.${op} %l, %r : ${scalar}
      stablehlo.return %s : ${scalar}
    })`;
}

function expectStarts(op: string, starts: readonly Value[]): void {
  for (const start of starts)
    if (start.type !== "i32" || start.shape.length > 0) refuse(op, "a start is no whole number", { start }, "i32 []");
}

function expectInside(op: string, x: Value, sizes: Shape): void {
  if (sizes.some((size, i) => size < 0 || size > (x.shape[i] ?? 0)))
    refuse(op, "larger than what it is a part of", { x, sizes }, "sizes up to x's");
}
