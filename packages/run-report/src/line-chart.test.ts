import fc from "fast-check";
import { expect, test } from "vitest";
import { escapeText, lineChart } from "./line-chart.ts";

const points = fc.array(
  fc.tuple(
    fc.double({ min: -1e12, max: 1e12 }),
    fc.oneof(fc.double({ min: -1e12, max: 1e12 }), fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY)),
  ),
  { maxLength: 20 },
);
const options = { title: "loss", xLabel: "step", width: 720, height: 300 };

test("any points make a chart whose coordinates are finite and within it", () => {
  fc.assert(
    fc.property(fc.array(points, { maxLength: 3 }), (lines) => {
      const svg = lineChart(
        lines.map((line, i) => ({ name: `line ${i}`, points: line as [number, number][] })),
        options,
      );
      expect(svg).not.toMatch(/NaN|Infinity/);
      for (const [, x, y] of svg.matchAll(/[ML](-?[\d.e+-]+) (-?[\d.e+-]+)/g)) {
        expect(Number(x)).toBeGreaterThanOrEqual(0);
        expect(Number(x)).toBeLessThanOrEqual(options.width);
        expect(Number(y)).toBeGreaterThanOrEqual(0);
        expect(Number(y)).toBeLessThanOrEqual(options.height);
      }
    }),
  );
});

test("a rising line rises: larger values stand higher", () => {
  const svg = lineChart(
    [
      {
        name: "a",
        points: [
          [0, 0],
          [10, 5],
        ],
      },
    ],
    options,
  );
  const [[, x0, y0], [, x1, y1]] = [...svg.matchAll(/M(\S+) (\S+)L(\S+) (\S+)"/g)].flatMap((m) => [
    [m[0], m[1], m[2]],
    [m[0], m[3], m[4]],
  ]) as [string[], string[]];
  expect(Number(x1)).toBeGreaterThan(Number(x0));
  expect(Number(y1)).toBeLessThan(Number(y0));
});

test("no text can leave its element", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(..."<>&\"'ab") }), (text) => !/[<>"']/.test(escapeText(text))),
  );
  expect(
    lineChart(
      [
        { name: "<script>", points: [] },
        { name: "b", points: [] },
      ],
      options,
    ),
  ).not.toContain("<script>");
});
