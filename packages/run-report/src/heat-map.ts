import type { ScoreSnapshot } from "@kindred/trainer";
import { shortened } from "./data-lines.ts";
import { escapeText } from "./line-chart.ts";

/** The least and the greatest value that the colours tell apart. */
export type Range = readonly [low: number, high: number];

const [cell, margin] = [20, 4];

/**
 * A matrix of similarities as an SVG element: a row for each query, a column for each answer, the right ones on the diagonal, framed; the
 * darker, the more alike. The texts are shown where the pointer rests. Two maps are compared by the colours of one range.
 */
export function heatMap({ queries, answers, cosines }: ScoreSnapshot, [low, high]: Range, title: string): string {
  const size = cosines.length * cell + 2 * margin;
  const cells = cosines.flatMap((row, i) =>
    row.map((value, j) => {
      const share = Number.isFinite(value) ? Math.min(1, Math.max(0, (value - low) / (high - low))) : 0;
      const label = `${value.toFixed(3)}: ${shortened(queries[i] ?? "")} · ${shortened(answers[j] ?? "")}`;
      return `<rect x="${margin + j * cell}" y="${margin + i * cell}" width="${cell - 1}" height="${cell - 1}" fill="${colour(share)}"${i === j ? ' stroke="#d97706" stroke-width="1.5"' : ""}><title>${escapeText(label)}</title></rect>`;
    }),
  );
  return `<svg viewBox="0 0 ${size} ${size}" role="img" aria-label="${escapeText(title)}">${cells.join("")}</svg>`;
}

/** What the values of several snapshots span. */
export function rangeOf(snapshots: readonly ScoreSnapshot[]): Range {
  const values = snapshots.flatMap(({ cosines }) => cosines.flat()).filter(Number.isFinite);
  const [low, high] = [Math.min(...values, 1), Math.max(...values, 0)];
  return high > low ? [low, high] : [low, low + 1];
}

/** Mean of the diagonal and of the rest: how far right answers stand out. */
export function diagonalMeans({ cosines }: ScoreSnapshot): { readonly right: number; readonly wrong: number } {
  const mean = (isRight: boolean) => {
    const values = cosines.flatMap((row, i) => row.filter((_, j) => (i === j) === isRight));
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  };
  return { right: mean(true), wrong: mean(false) };
}

/** From nearly white to a dark blue. */
function colour(share: number): string {
  const mix = (from: number, to: number) => Math.round(from + (to - from) * share);
  return `rgb(${mix(243, 30)},${mix(246, 64)},${mix(252, 175)})`;
}
