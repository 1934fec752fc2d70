import { escapeText } from "./line-chart.ts";

/** A bar: what it counts, and how much. */
export type Bar = { readonly label: string; readonly value: number; readonly isMarked?: boolean };

/** Bars side by side as an SVG element, with the numbers of the values in their titles; marked ones stand out. */
export function barChart(
  bars: readonly Bar[],
  { title, xLabel }: { readonly title: string; readonly xLabel: string },
): string {
  const [width, height, left, bottom] = [720, 170, 8, 36];
  const most = Math.max(1, ...bars.map(({ value }) => value));
  const step = (width - 2 * left) / Math.max(1, bars.length);
  const every = Math.ceil(bars.length / 16);
  const drawn = bars.map(({ label, value, isMarked }, i) => {
    const tall = ((height - bottom - 24) * value) / most;
    const x = left + i * step;
    const text =
      i % every === 0
        ? `<text x="${(x + step / 2).toFixed(1)}" y="${height - bottom + 15}" text-anchor="middle">${escapeText(label)}</text>`
        : "";
    return `<rect x="${(x + 1).toFixed(1)}" y="${(height - bottom - tall).toFixed(1)}" width="${Math.max(1, step - 2).toFixed(1)}" height="${tall.toFixed(1)}" fill="${isMarked === true ? "#dc2626" : "#2563eb"}"><title>${escapeText(`${label}: ${value.toLocaleString("en")}`)}</title></rect>${text}`;
  });
  return [
    `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeText(title)}" font-family="system-ui, sans-serif" font-size="12" fill="#374151">`,
    `<text x="${left}" y="16" font-size="13">${escapeText(title)}</text>`,
    ...drawn,
    `<text x="${width - left}" y="${height - 4}" text-anchor="end">${escapeText(xLabel)}</text>`,
    "</svg>",
  ].join("\n");
}
