import { prepareReddit } from "@kindred/datasets/node";

const [dump, output] = process.argv.slice(2);
const onProgress = ({ stage, done }) => process.stdout.write(`${stage} ${done}\n`);
await prepareReddit([dump], output, { parts: 12, trainShards: 3, partMegabytes: 0.02, onProgress });
