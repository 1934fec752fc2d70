import type { TrainEvent } from "./train-event.ts";

/** One who follows a run: a terminal, a file of events, a report. The run waits for `read` before it goes on. */
export type RunReader = {
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
