import { availableParallelism, cpus } from "node:os";

/** This machine as the results name it: the processor's model and how many of its cores there are. Nothing else. */
export function machineName() {
  const model = (cpus()[0]?.model ?? "unknown processor").replace(/\s+/g, " ").trim();
  return `${model}, ${availableParallelism()} cores`;
}
