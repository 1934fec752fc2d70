import { ConfigError, type PlainError } from "@kindred/errors";
import type { CoreProgram, Handlers } from "./core.ts";
import { meshCore } from "./mesh-core.ts";
import { type MeshMemory, stopCores } from "./mesh-memory.ts";
import { Rendezvous } from "./rendezvous.ts";
import { loadProgram, type MainPort, sendError } from "./thread.ts";

/** Main to core, once: become core `index` and load the program. This is call 0; its result is the names of the methods. */
export type SetUpMessage = {
  readonly call: 0;
  readonly index: number;
  readonly memory: MeshMemory;
  /** Undefined where the thread has a program of its own. */
  readonly program: string | undefined;
  readonly data: unknown;
};

/** Main to core: run a method. */
export type CallMessage = { readonly call: number; readonly method: string; readonly argument: unknown };

/** Core to main. `first` tells the failure that counts from those of the cores that it stopped. */
export type CoreMessage =
  | { readonly type: "done"; readonly call: number; readonly result: unknown }
  | { readonly type: "failed"; readonly first: boolean; readonly error: PlainError }
  | { readonly type: "post"; readonly message: unknown };

/** What a core's thread does with each message of main: loads the program that it names, answers calls, and on any error stops the other cores. */
export function coreServer(port: MainPort, own?: CoreProgram<never, Handlers>): (message: unknown) => Promise<void> {
  const send = (message: CoreMessage) => port.post(message);
  let answer: (message: CallMessage) => Promise<unknown> = async () => {
    throw new ConfigError("startMesh: a call came before the program. Is another script talking to this thread?");
  };
  let stopOthers = () => true;

  async function setUp({ memory, index, program, data }: SetUpMessage): Promise<string[]> {
    stopOthers = () => stopCores(memory, index);
    const rendezvous = new Rendezvous(memory, index);
    rendezvous.startCall(0);
    const start =
      own ?? (await loadProgram<CoreProgram<never, Handlers>>("startMesh", program, "async (core, data) => handlers"));
    const core = meshCore(rendezvous, (message) => send({ type: "post", message }));
    const handlers: Handlers = await start(core, data as never);
    answer = async ({ call, method, argument }) => {
      rendezvous.startCall(call);
      const result = await handlers[method]?.(argument); // main has refused any other
      rendezvous.finishCall();
      return result;
    };
    rendezvous.finishCall();
    return Object.keys(handlers);
  }

  return async (received) => {
    const message = received as SetUpMessage | CallMessage;
    try {
      const result = await ("memory" in message ? setUp(message) : answer(message));
      send({ type: "done", call: message.call, result });
    } catch (thrown) {
      const first = stopOthers();
      sendError(thrown, (error) => send({ type: "failed", first, error }));
    }
  };
}
