import type { Desk } from "./desk.ts";
import type { ServedModel } from "./served-model.ts";

/** How long a model may take for two tokens. */
const probeMs = 1000;

/** How long work may lie without any batch coming back. */
const stallMs = 60_000;

/** Whether the server is alive, and whether it may be asked. */
export type Health = {
  /** Called when a batch came back. */
  heard(): void;
  /** False where there is work and no core has answered for a minute. */
  isAlive(): boolean;
  /** Why it should not be asked now; undefined where each model makes a vector within a second. */
  problem(): Promise<string | undefined>;
};

/** Watches models. A probe goes before all other work, into the middle of it, and those who ask meanwhile share it. */
export function watchHealth(models: readonly ServedModel[], desk: Desk): Health {
  let lastHeard = 0;
  let probing: Promise<string | undefined> | undefined;

  async function probe(): Promise<string | undefined> {
    for (const { name, encoder } of models) {
      const late = new AbortController();
      const timer = setTimeout(() => late.abort(), probeMs);
      try {
        await encoder.encode("", { priority: 2, signal: late.signal });
      } catch (error) {
        return late.signal.aborted
          ? `${name} has made no vector within ${probeMs} ms`
          : `${name} has failed: ${error instanceof Error ? error.message : String(error)}`;
      } finally {
        clearTimeout(timer);
      }
    }
    return undefined;
  }

  return {
    heard() {
      lastHeard = performance.now();
    },
    isAlive: () => desk.inWork === 0 || performance.now() - Math.max(lastHeard, desk.busySince) < stallMs,
    async problem() {
      if (desk.isDraining) return "the server is about to stop";
      probing ??= probe().finally(() => {
        probing = undefined;
      });
      return probing;
    },
  };
}
