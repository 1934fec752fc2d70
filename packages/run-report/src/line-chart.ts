/** One line of a chart: a name, and points with rising x. */
export type Series = {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  readonly dashed?: boolean;
};

/** What a chart is called and how large it is, in CSS pixels. */
export type ChartOptions = {
  readonly title: string;
  readonly xLabel: string;
  readonly width?: number;
  readonly height?: number;
};

const margin = { left: 56, right: 16, top: 34, bottom: 40 };
const colours = ["#2563eb", "#dc2626", "#059669", "#d97706", "#7c3aed", "#0891b2"];
const colourOf = (line: number): string => colours[line % colours.length] ?? "currentColor";

/**
 * A line chart as an SVG element: axes with round ticks, a legend, no script. Points that are not finite are left out; a series
 * with one point is a dot.
 */
export function lineChart(
  series: readonly Series[],
  { title, xLabel, width = 720, height = 300 }: ChartOptions,
): string {
  const drawn = series.map((line) => ({
    ...line,
    points: line.points.filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y)),
  }));
  const all = drawn.flatMap(({ points }) => points);
  const xTicks = roundTicks(
    all.map(([x]) => x),
    6,
  );
  const yTicks = roundTicks(
    all.map(([, y]) => y),
    5,
  );
  const x = axis(xTicks, margin.left, width - margin.right);
  const y = axis(yTicks, height - margin.bottom, margin.top);
  const grid = [
    ...yTicks.map(
      (t) =>
        `<path d="M${margin.left} ${y(t)}H${width - margin.right}" stroke="#e5e7eb"/><text x="${margin.left - 8}" y="${y(t) + 4}" text-anchor="end">${tickText(t)}</text>`,
    ),
    ...xTicks.map(
      (t) => `<text x="${x(t)}" y="${height - margin.bottom + 18}" text-anchor="middle">${tickText(t)}</text>`,
    ),
  ];
  const lines = drawn.map(({ points, dashed }, i) => {
    const colour = colourOf(i);
    const [only, ...others] = points;
    if (only !== undefined && others.length === 0)
      return `<circle cx="${x(only[0])}" cy="${y(only[1])}" r="4" fill="${colour}"/>`;
    const path = points.map(([px, py]) => `${x(px).toFixed(1)} ${y(py).toFixed(1)}`).join("L");
    return path === ""
      ? ""
      : `<path d="M${path}" fill="none" stroke="${colour}" stroke-width="2"${dashed === true ? ' stroke-dasharray="6 4"' : ""}/>`;
  });
  const legend = drawn
    .map(({ name }, i) => `<tspan fill="${colourOf(i)}" dx="${i === 0 ? 0 : 14}">■ ${escapeText(name)}</tspan>`)
    .join("");
  return [
    `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeText(title)}" font-family="system-ui, sans-serif" font-size="12" fill="#374151">`,
    `<text x="${margin.left}" y="18" font-size="13">${drawn.length > 1 ? legend : escapeText(title)}</text>`,
    ...grid,
    ...lines,
    `<text x="${width - margin.right}" y="${height - 6}" text-anchor="end">${escapeText(xLabel)}</text>`,
    "</svg>",
  ].join("\n");
}

/** Text made safe to stand in HTML and in an attribute. */
export function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
}

/** About `count` round numbers (1, 2 or 5 times a power of ten apart) from at most the least value to at least the greatest. */
function roundTicks(values: readonly number[], count: number): number[] {
  const low = values.reduce((a, b) => Math.min(a, b), values[0] ?? 0);
  const high = values.reduce((a, b) => Math.max(a, b), values[0] ?? 1);
  const scale = Math.max(Math.abs(low), Math.abs(high));
  const span = high - low > 1e-9 * scale ? high - low : scale; // a level line has room as wide as it is high
  if (span < 1e-12) return [-1, 0, 1];
  const power = 10 ** Math.floor(Math.log10(span / count));
  const step = ([1, 2, 5, 10].find((factor) => factor * power * count >= span) ?? 10) * power;
  const first = Math.floor(low / step);
  const last = Math.max(Math.ceil(high / step), first + 1);
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}

function axis(ticks: readonly number[], from: number, to: number): (value: number) => number {
  const [low, high] = [Math.min(...ticks), Math.max(...ticks)];
  return (value) => from + ((value - low) / (high - low)) * (to - from);
}

function tickText(value: number): string {
  return Math.abs(value) >= 10_000 ? `${value / 1000}k` : `${Number(value.toPrecision(6))}`;
}
