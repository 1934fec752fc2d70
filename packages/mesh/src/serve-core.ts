import { ConfigError, type PlainError, toPlainError } from "@kindred/errors";
import type { CoreProgram, Handlers } from "./core.ts";
import { meshCore } from "./mesh-core.ts";
import { type MeshMemory, stopCores } from "./mesh-memory.ts";
import { Rendezvous } from "./rendezvous.ts";
import type { MainPort } from "./thread.ts";

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

/** Runs in a core's thread: loads the program that main names (or runs `own`), answers its calls, and on any error stops the other cores. */
export function serveCore(port: MainPort, own?: CoreProgram<never, Handlers>): void {
  const send = (message: CoreMessage) => port.post(message);
  let answer: (message: CallMessage) => Promise<unknown> = async () => {
    throw new ConfigError("startMesh: a call came before the program. Is another script talking to this thread?");
  };
  let stopOthers = () => true;

  async function setUp({ memory, index, program, data }: SetUpMessage): Promise<string[]> {
    stopOthers = () => stopCores(memory, index);
    const rendezvous = new Rendezvous(memory, index);
    rendezvous.startCall(0);
    const start = own ?? (await loadProgram(program));
    const handlers = await start(
      meshCore(rendezvous, (message) => send({ type: "post", message })),
      data as never,
    );
    answer = async ({ call, method, argument }) => {
      rendezvous.startCall(call);
      const result = await handlers[method]?.(argument); // main has refused any other
      rendezvous.finishCall();
      return result;
    };
    rendezvous.finishCall();
    return Object.keys(handlers);
  }

  port.onMessage(async (received) => {
    const message = received as SetUpMessage | CallMessage;
    try {
      send({
        type: "done",
        call: message.call,
        result: await ("memory" in message ? setUp(message) : answer(message)),
      });
    } catch (thrown) {
      const failure = { type: "failed", first: stopOthers(), error: toPlainError(thrown) } as const;
      try {
        send(failure);
      } catch {
        // Details that cannot be cloned: the message and the stack still can.
        send({ ...failure, error: { ...failure.error, details: {} } });
      }
    }
  });
}

async function loadProgram(url: string | undefined): Promise<CoreProgram<never, Handlers>> {
  const program: unknown = (await import(/* @vite-ignore */ String(url))).default;
  if (typeof program === "function") return program as CoreProgram<never, Handlers>;
  throw new ConfigError(
    `startMesh: the program has no function to start. Got a default export of type ${typeof program} from ${url}, ` +
      "expected `export default async (core, data) => handlers`.",
    { program: url },
  );
}
