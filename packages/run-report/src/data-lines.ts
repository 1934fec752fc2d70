import type { ColumnRole, MemoryEstimate, Overlap, TrainEvent } from "@kindred/trainer";

/** On how much a run is made: `2 cores`, `1 device`. */
export function coresText({ config, cores }: Extract<TrainEvent, { type: "start" }>): string {
  return `${cores} ${config.backend === "xla" ? "device" : "core"}${cores === 1 ? "" : "s"}`;
}

/** A text of the data, cut where it is long. */
export function shortened(text: string): string {
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}

/** The columns of a file with what they are taken for: `anchor (query), positive; unused: id`. */
export function columnsText(roles: readonly ColumnRole[]): string {
  const told = ({ role, name }: ColumnRole) => (name === undefined || name === role ? role : `${name} (${role})`);
  const used = roles.filter(({ role }) => role !== "unused").map(told);
  const unused = roles.flatMap(({ role, name }) => (role === "unused" && name !== undefined ? [name] : []));
  return `${used.join(", ")}${unused.length === 0 ? "" : `; unused: ${unused.join(", ")}`}`;
}

/** A line for each file that is evaluated on of which nothing is trained on; the others are warned of. */
export function overlapLines(overlaps: readonly Overlap[]): string[] {
  const names = new Set(overlaps.map(({ evaluation }) => evaluation));
  return [...names].flatMap((name) => {
    const own = overlaps.filter(({ evaluation }) => evaluation === name);
    if (own.some(({ rows }) => rows > 0)) return [];
    const compared = own.reduce((sum, { compared }) => sum + compared, 0).toLocaleString("en");
    const which = own.every(({ all }) => all) ? `all ${compared} rows` : `the first ${compared} rows`;
    return [`Compared ${name} with ${which} that are trained on: none repeats a query or a pair of it`];
  });
}

/** `1.2 GB (…)`, with what it is for. */
export function memoryText({ bytes, shared, weights, chunks, rows }: MemoryEstimate): string {
  const parts = [
    `${size(shared)} of weights, moments and gradients that cores share`,
    `${size(weights)} of their own weights`,
    `${size(chunks)} for chunks of --max-batch-tokens`,
    `${size(rows)} of rows`,
  ];
  return `${size(bytes)} (${parts.join(", ")})`;
}

/** What a rehearsal has found. */
export function estimateLines(event: Extract<TrainEvent, { type: "estimate" }>): string[] {
  const { steps, timedSteps, secondsPerStep, evaluations, secondsPerEvaluation, seconds } = event;
  const { memory, peakBytes, checkpointBytes } = event;
  const evaluating =
    evaluations === 0 ? "" : `, and ${evaluations} evaluations of ${secondsPerEvaluation.toFixed(1)} s`;
  const took = `${timedSteps === 1 ? "one step" : `the mean of ${timedSteps} steps`} that were made and thrown away`;
  const peak = peakBytes === undefined ? "" : `; these steps took ${size(peakBytes)} at most`;
  return [
    `Time: about ${duration(seconds)}: ${steps.toLocaleString("en")} steps of ${secondsPerStep.toFixed(2)} s, ${took}${evaluating}`,
    ...(memory === undefined && peak === ""
      ? []
      : [`Memory: ${memory === undefined ? "not derived" : `about ${size(memory.bytes)}, derived`}${peak}`]),
    `Disk: ${size(checkpointBytes)} a checkpoint`,
    "A dry run: nothing was written.",
  ];
}

function size(bytes: number): string {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(1)} GB`;
  return bytes >= 1e6 ? `${(bytes / 1e6).toFixed(0)} MB` : `${(bytes / 1e3).toFixed(0)} kB`;
}

/** Seconds in words: `2 h 5 min`, `3 min 20 s`, `7 s`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${whole % 60} s` : `${whole} s`;
}
