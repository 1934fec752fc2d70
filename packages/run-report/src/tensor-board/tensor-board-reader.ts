import type { RunReader, TrainEvent } from "@kindred/trainer";
import { type EventMessage, eventMessage } from "./event-message.ts";
import { tfRecord } from "./tf-record.ts";

/** What the records' times are. */
export type TensorBoardOptions = {
  /** Milliseconds since 1970. Default: those of the machine. */
  readonly now?: () => number;
};

/**
 * A reader that writes a run as TensorBoard reads it: loss, learning rate, gradient norm and speed under `train/`, metrics under `eval/`, and the
 * configuration as a text. It is handed the bytes of a new event file, record by record; a run that goes on is given another
 * file, which says that what earlier ones hold of later steps is void.
 *
 * @param append takes the next bytes of the file
 *
 * @example
 * ```ts
 * import { tensorBoardReader } from "@kindred/run-report";
 *
 * let size = 0;
 * const reader = tensorBoardReader((bytes) => void (size += bytes.length), { now: () => 0 });
 * await reader.read({ type: "evaluation", step: 0, metrics: { qa: 0.25 }, bm25: {}, chance: {}, seconds: 1 });
 * size; // => 45
 * ```
 */
export function tensorBoardReader(
  append: (bytes: Uint8Array) => void | Promise<void>,
  { now = Date.now }: TensorBoardOptions = {},
): RunReader {
  const write = (message: Omit<EventMessage, "wallTime">) =>
    append(tfRecord(eventMessage({ wallTime: now() / 1000, ...message })));
  return {
    read: async (event) => {
      for (const message of messagesOf(event)) await write(message);
    },
  };
}

function messagesOf(event: TrainEvent): Omit<EventMessage, "wallTime">[] {
  switch (event.type) {
    case "start": {
      const { firstStep, config } = event;
      const json = JSON.stringify(config, null, 2).replaceAll(/^/gm, "    "); // as code, in which nothing is markup
      return [
        { step: firstStep, fileVersion: "brain.Event:2" },
        // TensorBoard keeps the steps before this one.
        ...(firstStep === 0 ? [] : [{ step: firstStep + 1, restarts: true }]),
        { step: firstStep, texts: { config: json } },
      ];
    }
    case "step": {
      const { step, loss, learningRate, gradientNorm, pairsPerSecond, tokensPerSecond } = event;
      const scalars = {
        "train/loss": loss,
        "train/learning_rate": learningRate,
        "train/gradient_norm": gradientNorm,
        "train/pairs_per_second": pairsPerSecond,
        "train/tokens_per_second": tokensPerSecond,
      };
      return [{ step, scalars }];
    }
    case "evaluation": {
      const scalars = Object.entries(event.metrics).map(([name, value]): [string, number] => [`eval/${name}`, value]);
      return [{ step: event.step, scalars: Object.fromEntries(scalars) }];
    }
    default:
      return [];
  }
}
