import {
  type Binary,
  binaryOps,
  broadcastShapes,
  type Comparison,
  comparisonTypes,
  dialect,
  expectSameType,
  expectType,
  type Unary,
  unaryOps,
} from "./elementwise.ts";
import { literal } from "./literal.ts";
import { Recording } from "./recording.ts";
import { refuse } from "./refuse.ts";
import { type ElementType, elementCount, listText, type Shape, sameShape, typeText, type Value } from "./value.ts";

/** Recording of what is the same for each element: sources, functions of elements, and repeating them. */
export class Elements extends Recording {
  /** A value that the program is given each time it runs. */
  parameter(shape: Shape, type: ElementType = "f32"): Value {
    expectShape("parameter", shape);
    return this.record({ op: "parameter", line: `parameter ${this.size}`, inputs: [], shape, type });
  }

  /**
   * One number, repeated to a shape: part of the program, so another number is another program.
   *
   * @throws ShapeError if the type cannot hold the number
   */
  constant(value: number, type: ElementType = "f32", shape: Shape = []): Value {
    const line = `stablehlo.constant dense<${literal("constant", value, type)}> : ${typeText({ shape: [], type })}`;
    return this.broadcastTo(this.record({ op: "constant", line, inputs: [], shape: [], type }), shape);
  }

  /**
   * Numbers that are part of the program, one an element, in row-major order.
   *
   * @throws ShapeError if they are not as many as the shape holds, or the type cannot hold one
   */
  values(numbers: ArrayLike<number>, shape: Shape, type: ElementType = "f32"): Value {
    expectShape("values", shape);
    const { length } = numbers;
    if (length !== elementCount(shape))
      refuse("values", "not one number an element", { numbers: length, shape }, `${elementCount(shape)} numbers`);
    const elements = length === 0 ? "" : listText(Array.from(numbers, (value) => literal("values", value, type)));
    const line = `stablehlo.constant dense<${elements}> : ${typeText({ shape: [length], type })}`;
    return this.reshape(this.record({ op: "constant", line, inputs: [], shape: [length], type }), shape);
  }

  /** Each element's place along one axis, counted from 0. */
  iota(shape: Shape, axis: number, type: ElementType = "i32"): Value {
    expectShape("iota", shape);
    if (shape[axis] === undefined) refuse("iota", "no such axis", { axis, shape }, `an axis below ${shape.length}`);
    if (type === "i1") refuse("iota", "i1 does not count", { type }, "another type");
    const line = `stablehlo.iota dim = ${axis} : ${typeText({ shape, type })}`;
    return this.record({ op: "iota", line, inputs: [], shape, type });
  }

  /** A function of each element. `is_finite` gives i1, every other the type it takes. */
  unary(op: Unary, x: Value): Value {
    expectType(op, x, unaryOps[op]);
    const out = { shape: x.shape, type: op === "is_finite" ? "i1" : x.type } as const;
    const [from, to] = [typeText(x), typeText(out)];
    const changed = op === "is_finite" ? `(${from}) -> ${to}` : to;
    const line = `${dialect(op)}.${op} $0 : ${dialect(op) === "chlo" ? `${from} -> ${to}` : changed}`;
    return this.record({ op, line, inputs: [x], ...out });
  }

  /** A function of each pair of elements of one type; shapes broadcast, and a number is a constant of the other's type. */
  binary(op: Binary, x: Value | number, y: Value | number): Value {
    const [a, b] = this.#pair(op, x, y);
    expectType(op, a, binaryOps[op]);
    return this.record({ op, line: `stablehlo.${op} $0, $1 : ${typeText(a)}`, inputs: [a, b], ...typeOf(a) });
  }

  /** Whether each pair of elements of one type compares so, as i1; shapes broadcast, and a number is a constant. */
  compare(how: Comparison, x: Value | number, y: Value | number): Value {
    const [a, b] = this.#pair("compare", x, y);
    const out = { shape: a.shape, type: "i1" } as const;
    const types = `(${typeText(a)}, ${typeText(b)}) -> ${typeText(out)}`;
    const line = `stablehlo.compare ${how}, $0, $1, ${comparisonTypes[a.type]} : ${types}`;
    return this.record({ op: "compare", line, inputs: [a, b], ...out });
  }

  /** `x` where the i1 `p` is true, else `y`; shapes broadcast, and a number is a constant of the other's type. */
  select(p: Value, x: Value | number, y: Value | number): Value {
    expectType("select", p, ["i1"]);
    const [a, b] = this.#pair("select", x, y);
    const shape = broadcastShapes("select", p.shape, a.shape);
    const inputs = [p, a, b].map((value) => this.broadcastTo(value, shape));
    const out = { shape, type: a.type };
    const line = `stablehlo.select $0, $1, $2 : ${typeText({ shape, type: "i1" })}, ${typeText(out)}`;
    return this.record({ op: "select", line, inputs, ...out });
  }

  /** The same numbers as another type: floats round to nearest even or, becoming whole, towards 0; what is not 0 is true. */
  convert(x: Value, type: ElementType): Value {
    if (x.type === type) return x;
    return this.#mapped("convert", x, { shape: x.shape, type });
  }

  /**
   * The same bits as another type of the same width.
   *
   * @throws ShapeError if the widths differ
   */
  bitcast(x: Value, type: ElementType): Value {
    if (x.type === type) return x;
    const wide: readonly ElementType[] = ["f32", "i32", "ui32"];
    if (!wide.includes(x.type) || !wide.includes(type))
      refuse("bitcast", "two widths", { x, type }, "both of f32, i32, ui32");
    return this.#mapped("bitcast_convert", x, { shape: x.shape, type });
  }

  /**
   * The same elements in row-major order under another shape.
   *
   * @throws ShapeError if it holds another number of them
   */
  reshape(x: Value, shape: Shape): Value {
    expectShape("reshape", shape);
    if (sameShape(x.shape, shape)) return x;
    if (elementCount(shape) !== elementCount(x.shape))
      refuse("reshape", "another number of elements", { x, shape }, `${elementCount(x.shape)} elements`);
    const node = this.node("reshape", x);
    const [from] = node.inputs;
    if (node.op === "reshape" && from && this.isRecent(node)) return this.reshape(from, shape);
    return this.#mapped("reshape", x, { shape, type: x.type });
  }

  /**
   * Repeated to a shape as NumPy does it: an axis of length 1, or that is missing in front, is repeated.
   *
   * @throws ShapeError if it does not broadcast to just this shape
   */
  broadcastTo(x: Value, shape: Shape): Value {
    expectShape("broadcastTo", shape);
    if (sameShape(x.shape, shape)) return x;
    if (!sameShape(broadcastShapes("broadcastTo", x.shape, shape), shape))
      refuse("broadcastTo", "it does not broadcast so", { x, shape }, "each axis of x as long as the shape's, or 1");
    const before = shape.length - x.shape.length;
    const kept = x.shape.flatMap((length, i) => (length === shape[before + i] ? [i] : []));
    const source = this.reshape(
      x,
      x.shape.filter((_, i) => kept.includes(i)),
    );
    const types = `(${typeText(source)}) -> ${typeText({ shape, type: x.type })}`;
    const line = `stablehlo.broadcast_in_dim $0, dims = ${listText(kept.map((i) => i + before))} : ${types}`;
    return this.record({ op: "broadcast_in_dim", line, inputs: [source], shape, type: x.type });
  }

  /** A constant's or a value's pair, of one shape and type. */
  #pair(op: string, x: Value | number, y: Value | number): [Value, Value] {
    const of = typeof x === "object" ? x : y;
    if (typeof of === "number") return refuse(op, "two numbers", { x: Number(x), y: of }, "at least one value");
    const [a, b] = [x, y].map((side) => (typeof side === "number" ? this.constant(side, of.type) : side));
    if (!a || !b) return refuse(op, "one side is missing", {}, "two values");
    expectSameType(op, a, b);
    const shape = broadcastShapes(op, a.shape, b.shape);
    return [this.broadcastTo(a, shape), this.broadcastTo(b, shape)];
  }

  #mapped(op: string, x: Value, out: { readonly shape: Shape; readonly type: ElementType }): Value {
    const line = `stablehlo.${op} $0 : (${typeText(x)}) -> ${typeText(out)}`;
    return this.record({ op, line, inputs: [x], ...out });
  }
}

/** A value's shape and type, to be another's. */
function typeOf({ shape, type }: Value): { readonly shape: Shape; readonly type: ElementType } {
  return { shape, type };
}

function expectShape(op: string, shape: Shape): void {
  if (shape.some((length) => !Number.isSafeInteger(length) || length < 0))
    refuse(op, "no shape", { shape }, "whole numbers from 0 on");
}
