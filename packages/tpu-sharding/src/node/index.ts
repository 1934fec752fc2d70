export { startStepRunner, type StartStepRunnerOptions } from "./start-step-runner.ts";
