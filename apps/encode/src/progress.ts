/** What is known of a running job. */
export type JobProgress = {
  /** Rows that are encoded, those of earlier processes among them. */
  readonly rows: number;
  /** Rows that this process has encoded. */
  readonly own: number;
  /** Tokens of those. */
  readonly tokens: number;
  /** How many rows there will be, as far as can be told; undefined where it can't. */
  readonly total: number | undefined;
};

/** Tells people on standard error, and programs on standard output, how a job goes. */
export type Reporter = {
  /** Begins to count the time: what comes before is no encoding. */
  begin(): void;
  /** Seconds since then. */
  seconds(): number;
  /** Tells it, if it is time. */
  progress(now: JobProgress): void;
  /** A line for people. */
  say(line: string): void;
  /** An event for programs, where they are asked for. */
  event(event: { readonly type: string; readonly [fact: string]: unknown }): void;
};

/** How often a line on a terminal is renewed, and how often a line is written elsewhere. */
const [renewMs, lineMs] = [200, 30_000];

/** A reporter for a command; `json`: events on standard output; `quiet`: nothing for people. */
export function reporter({ quiet, json }: { readonly quiet: boolean; readonly json: boolean }): Reporter {
  let started = performance.now();
  let [shownAt, toldAt] = [Number.NEGATIVE_INFINITY, started];
  let isShown = false;
  const clear = () => {
    if (isShown) process.stderr.write("\r\u001b[K");
    isShown = false;
  };
  const event: Reporter["event"] = (one) => {
    if (json) process.stdout.write(`${JSON.stringify(one)}\n`);
  };
  const seconds = () => (performance.now() - started) / 1000;
  return {
    begin() {
      started = performance.now();
      toldAt = started;
    },
    seconds,
    progress(now) {
      const at = performance.now();
      const isDue = at - toldAt >= lineMs;
      const isTerminal = !quiet && process.stderr.isTTY === true;
      if (isTerminal && at - shownAt >= renewMs) {
        process.stderr.write(`\r\u001b[K${progressLine(now, seconds())}`);
        [shownAt, isShown] = [at, true];
      }
      if (!isDue) return;
      toldAt = at;
      if (!quiet && !isTerminal) process.stderr.write(`${progressLine(now, seconds())}\n`);
      const { rowsPerSecond, tokensPerSecond, secondsLeft } = rates(now, seconds());
      event({ type: "progress", rows: now.rows, rowsPerSecond, tokensPerSecond, secondsLeft: secondsLeft ?? null });
    },
    say(line) {
      clear();
      if (!quiet) process.stderr.write(`${line}\n`);
    },
    event(one) {
      clear();
      event(one);
    },
  };
}

function rates({ rows, own, tokens, total }: JobProgress, seconds: number) {
  const [rowsPerSecond, tokensPerSecond] = [own / seconds, tokens / seconds];
  const secondsLeft = total === undefined || own === 0 ? undefined : Math.max(0, total - rows) / rowsPerSecond;
  return { rowsPerSecond, tokensPerSecond, secondsLeft };
}

/** How a job goes, in a line: `81,920 rows, 512 rows/s, 13,107 tokens/s, 2 min left`. */
function progressLine(now: JobProgress, seconds: number): string {
  const { rowsPerSecond, tokensPerSecond, secondsLeft } = rates(now, seconds);
  const count = (number: number) => Math.round(number).toLocaleString("en");
  const parts = [`${count(now.rows)} rows`, `${count(rowsPerSecond)} rows/s`, `${count(tokensPerSecond)} tokens/s`];
  return [...parts, ...(secondsLeft === undefined ? [] : [`${duration(secondsLeft)} left`])].join(", ");
}

/** A time in the unit that people would say it in. */
function duration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}
