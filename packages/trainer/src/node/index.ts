export { startTrainingRunner } from "./start-training-runner.ts";
