import type { PjrtApi } from "./pjrt-api.ts";

type Waiting = { readonly event: bigint; readonly kept: unknown; resolve(): void; reject(error: unknown): void };

/** How often a poll follows at once on the one before, before it takes its turn with a timer. */
const eagerPolls = 20;

/**
 * Waits for events of a plugin without blocking: it asks again and again whether they are ready, each time this thread is idle, then
 * every millisecond. Asking takes 0.2 µs. A blocking call on another thread would hold one of the four threads on which Node reads files.
 */
export class EventPoll {
  readonly #api: PjrtApi;
  #waiting: Waiting[] = [];
  #polls = 0;

  constructor(api: PjrtApi) {
    this.#api = api;
  }

  /** Settles when the event is ready, and destroys it. `kept` stays alive until then. */
  wait(event: bigint, kept: unknown): Promise<void> {
    if (this.#isReady(event)) {
      return new Promise((resolve, reject) => this.#settle({ event, kept, resolve, reject }));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ event, kept, resolve, reject });
      this.#polls = 0; // somebody who has just begun to wait is looked after at once
      if (this.#waiting.length === 1) this.#again();
    });
  }

  /** Blocks until the event is ready, and destroys it. */
  waitSync(event: bigint): void {
    try {
      this.#api.call("Event_Await", { event });
    } finally {
      this.#api.call("Event_Destroy", { event });
    }
  }

  /** Blocks until nobody waits any more. */
  drain(): void {
    for (const waiting of this.#waiting.splice(0)) this.#settle(waiting);
  }

  #again(): void {
    if (this.#polls++ < eagerPolls) setImmediate(() => this.#poll());
    else setTimeout(() => this.#poll(), 1);
  }

  #poll(): void {
    const ready = this.#waiting.filter(({ event }) => this.#isReady(event));
    if (ready.length > 0) {
      this.#waiting = this.#waiting.filter((waiting) => !ready.includes(waiting));
      for (const waiting of ready) this.#settle(waiting);
    }
    if (this.#waiting.length > 0) this.#again();
  }

  #isReady(event: bigint): boolean {
    return this.#api.call("Event_IsReady", { event }).number("is_ready") !== 0;
  }

  #settle({ event, resolve, reject }: Waiting): void {
    try {
      this.waitSync(event);
      resolve();
    } catch (error) {
      reject(error);
    }
  }
}
