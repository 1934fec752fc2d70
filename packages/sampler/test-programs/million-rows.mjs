// How long a pass over a million pairs takes, without a text twice in a batch: `node packages/sampler/test-programs/million-rows.mjs`, after a build.
import { keyFromSeed } from "@kindred/random";
import { createSampler } from "@kindred/sampler";

const length = 1_000_000;
const pair = (i, answer) => ({ texts: [`what is the meaning of question number ${i}`, answer] });
const forms = {
  // A third of the rows share their answers with some 30 others.
  "in random order, a third with frequent answers": (i) =>
    pair(i, i % 3 === 0 ? `a frequent answer, ${i % 9973}` : `the answer to question number ${i}`),
  // A tenth of them stand near others with their answer: all of these wait.
  "in file order, a tenth in runs of one answer": (i) =>
    pair(i, i % 10 === 0 ? `the answer of run ${Math.floor(i / 1000)}` : `the answer to question number ${i}`),
};
for (const [name, rowOf] of Object.entries(forms)) {
  const rows = Array.from({ length }, (_, i) => rowOf(i));
  for (const batchSize of [64, 1024]) {
    const source = { name, weight: 1, columns: 2, length, row: (i) => rows[i], fingerprint: "made" };
    const order = name.startsWith("in file") ? "file" : "shuffle";
    const sampler = createSampler({ sources: [source], batchSize, order, key: keyFromSeed(1), epochs: 1 });
    const [started, { user }] = [performance.now(), process.cpuUsage()];
    let batches = 0;
    while ((await sampler.next()) !== undefined) {
      sampler.cursor(); // as a run asks for it after every batch
      batches++;
    }
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    const cpu = ((process.cpuUsage().user - user) / 1e6).toFixed(1);
    const [counts] = sampler.counts;
    console.log(
      `${name}, batches of ${batchSize}: ${seconds} s, ${cpu} s of them computing; ${batches} batches, ${counts?.deferred} rows waited`,
    );
  }
}
