import type { Optimizer } from "@kindred/adamw";
import type { Loss } from "@kindred/loss";
import type { Profile } from "@kindred/tensor";
import type { Overlap } from "./data-checks.ts";
import type { RowCounts, SourceSummary } from "./data-events.ts";
import type { MemoryEstimate } from "./memory-estimate.ts";
import type { TrainConfig } from "./train-options.ts";

/** What a model is judged by, and how much that rests on. */
export type TaskSize = {
  /** What its metrics are called after. */
  readonly name: string;
  readonly evaluator: string;
  /** The names of its metrics; the first is the one to choose by. */
  readonly metrics: readonly string[];
  /** How many are measured. */
  readonly measured: number;
  readonly unit: "queries" | "pairs" | "triplets";
  /** How many documents there are to find, where some are. */
  readonly documents?: number;
};

/** One metric at its times, with what BM25 and guessing reach on the same texts. */
export type MetricSummary = {
  readonly before: number;
  readonly after: number;
  readonly bm25?: number;
  readonly teacher?: number;
  readonly chance?: number;
};

/** The nearest held-out texts of a real query, most similar first. */
export type NeighbourExample = {
  readonly query: string;
  /** What is right: a query may have several answers. */
  readonly answers: readonly string[];
  readonly neighbours: readonly { readonly text: string; readonly similarity: number }[];
};

/** How alike held-out queries and answers are: a row for each query, the right ones on the diagonal. */
export type ScoreSnapshot = {
  readonly queries: readonly string[];
  readonly answers: readonly string[];
  readonly cosines: readonly (readonly number[])[];
};

/** What a model makes of some held-out rows. */
export type HeldOutExamples = {
  readonly examples: readonly NeighbourExample[];
  readonly snapshot: ScoreSnapshot;
};

/** A program that an engine made ready to run, of an engine that records what it runs. */
export type CompiledProgram = {
  /** Of its text, sha256 in hexadecimal. */
  readonly program: string;
  /** What it took. */
  readonly seconds: number;
  /** Whether it was found compiled by an earlier run. */
  readonly fromCache: boolean;
  /** Why none that was there would do: what differed from what was recorded before. */
  readonly reason: string;
};

/**
 * What happens in a run, in order: `start`, `data`, `evaluation` (step 0), then `step`, `evaluation` and `checkpoint` as the
 * configuration says, and at last `done`, `stopped` or `diverged`; with `profile`, what the ops took before that. An engine that compiles says so,
 * `compile`, before the event of the steps or the evaluation that needed it. Each is plain JSON, and one line of `events.jsonl`.
 */
export type TrainEvent =
  | {
      readonly type: "start";
      /** Its folder. */
      readonly output: string;
      /** All options, with what was left open filled in. */
      readonly config: TrainConfig;
      /** What is made small, by its name and settings. */
      readonly loss: Pick<Loss, "name" | "options"> & {
        /** Whether a program has written it: its name is its own then. */
        readonly isOwn?: true;
      };
      /** How weights move, likewise. */
      readonly optimizer: Pick<Optimizer, "name" | "options">;
      /** Worker threads, or devices. */
      readonly cores: number;
      /** Numbers that the model has. */
      readonly parameters: number;
      /** Numbers that move: those of model and loss, but what is frozen. */
      readonly trained: number;
      /** Steps that were done before: 0, or where a run goes on. */
      readonly firstStep: number;
      /** Where it ends, if nothing ends it before. */
      readonly lastStep: number;
      /** What it runs on: Node or a browser, and the kernels. */
      readonly runtime: string;
    }
  | {
      readonly type: "data";
      /** The data sets that are trained on. */
      readonly sources: readonly SourceSummary[];
      /** What the model is judged by. */
      readonly tasks: readonly TaskSize[];
      /** What is trained on compared with each file that is only evaluated on. */
      readonly overlaps: readonly Overlap[];
      /** About what the run takes; undefined on devices, and for families that do not tell their size. */
      readonly memory?: MemoryEstimate;
      /** What looks wrong, in a sentence each. */
      readonly warnings: readonly string[];
    }
  | {
      readonly type: "step";
      /** Steps done. */
      readonly step: number;
      /** Mean loss of the steps since the last such event. */
      readonly loss: number;
      /** That of the last step. */
      readonly learningRate: number;
      /** Global norm of the last step's gradient before clipping. */
      readonly gradientNorm: number;
      /** Of the steps alone, without evaluations and checkpoints; likewise tokens. */
      readonly pairsPerSecond: number;
      readonly tokensPerSecond: number;
      readonly secondsLeft: number;
    }
  | {
      readonly type: "evaluation";
      /** Steps done. */
      readonly step: number;
      /** `<task>_<metric>`, and `mean_<metric>` of several tasks. */
      readonly metrics: { readonly [name: string]: number };
      /** Where the true values of metrics lie with 95 % confidence, of those of which that can be said. */
      readonly intervals?: { readonly [name: string]: readonly [low: number, high: number] };
      /** What counting words reaches, by the same names. */
      readonly bm25: { readonly [name: string]: number };
      /** What the model that it learns from has, in a distillation. */
      readonly teacher?: { readonly [name: string]: number };
      /** What guessing reaches. */
      readonly chance: { readonly [name: string]: number };
      readonly seconds: number;
    }
  | {
      /** After an evaluation that was better by the metric that is followed than all before it. */
      readonly type: "best";
      readonly step: number;
      readonly metric: string;
      readonly value: number;
      /** The best until then. */
      readonly before?: { readonly step: number; readonly value: number };
    }
  /** The end of a rehearsal: about how long the run would take, from steps that were made and thrown away. */
  | {
      readonly type: "estimate";
      /** Steps that the run has to do, and those that were timed. */
      readonly steps: number;
      readonly timedSteps: number;
      readonly secondsPerStep: number;
      readonly evaluations: number;
      readonly secondsPerEvaluation: number;
      readonly seconds: number;
      readonly memory?: MemoryEstimate;
      /** The most memory that the process had while it made these steps. */
      readonly peakBytes?: number;
      /** What a checkpoint takes on the disk: weights and two moments. */
      readonly checkpointBytes: number;
    }
  | ({
      readonly type: "compile";
      /** Steps done, with the one that needed it. */
      readonly step: number;
    } & CompiledProgram)
  | { readonly type: "checkpoint"; readonly step: number; readonly path: string }
  | { readonly type: "stopped"; readonly step: number; readonly path: string; readonly reason: string }
  /** The numbers of a step ran away, as the run's error says; no event follows. `path` is where the batch is kept, if it is. */
  | { readonly type: "diverged"; readonly step: number; readonly path?: string; readonly reason: string }
  /** Before the run's end, or where it stops. */
  | { readonly type: "rows"; readonly step: number; readonly sources: readonly RowCounts[] }
  | ({ readonly type: "profile"; readonly steps: number } & Profile)
  /** Before training, at the end, and with `loadBestModelAtEnd` after each evaluation that was the best so far. */
  | ({ readonly type: "examples"; readonly step: number } & HeldOutExamples)
  | {
      readonly type: "done";
      /** Of training, over all parts of the run. */
      readonly seconds: number;
      readonly steps: number;
      /** That of the last `step` event. */
      readonly finalLoss: number;
      /** Where the model is kept. */
      readonly model: string;
      readonly metrics: { readonly [name: string]: MetricSummary };
      /** The best checkpoint by the metric that was followed, and whether the model is its. */
      readonly best?: {
        readonly step: number;
        readonly metric: string;
        readonly value: number;
        readonly loaded: boolean;
      };
      /** Evaluations without a gain that ended the run before its last step. */
      readonly stoppedEarly?: { readonly evaluations: number; readonly lastStep: number };
    };

/** One who follows a run: a terminal, a file of events, a report. The run waits for `read` before it goes on. */
export type RunReader = {
  /** Called with each event, in order. */
  read(event: TrainEvent): void | Promise<void>;
  /** Called once, when no more events come. Default: nothing to do. */
  close?(): void | Promise<void>;
};

/**
 * The same events, each read by all readers, in their order, before it is passed on.
 *
 * @example
 * ```ts
 * import { readBy, type TrainEvent } from "@kindred/trainer";
 *
 * const steps: number[] = [];
 * const counter = { read: (event: TrainEvent) => void ("step" in event && steps.push(event.step)) };
 * async function* events(): AsyncGenerator<TrainEvent> {
 *   yield { type: "checkpoint", step: 5, path: "checkpoint-5" };
 * }
 * for await (const _ of readBy(events(), [counter]));
 * steps; // => [5]
 * ```
 */
export async function* readBy(
  events: AsyncIterable<TrainEvent>,
  readers: readonly RunReader[],
): AsyncGenerator<TrainEvent, void> {
  try {
    for await (const event of events) {
      for (const reader of readers) await reader.read(event);
      yield event;
    }
  } finally {
    for (const reader of readers) await reader.close?.();
  }
}
