// Compiles for TPUs that are not there. Arguments: libtpu, topology, replicas, text. Where libtpu runs outside Google's cloud it must be told so.
import { openPlugin } from "@kindred/pjrt";

const outsideTpu = { TPU_SKIP_MDS_QUERY: "1", TPU_LOG_DIR: "disabled", TPU_ACCELERATOR_TYPE: "v3-8" };
Object.assign(process.env, { TPU_WORKER_HOSTNAMES: "localhost", ALLOW_MULTIPLE_LIBTPU_LOAD: "1", ...outsideTpu });
const [path, name, replicas, text] = process.argv.slice(2);
const topology = (await openPlugin(path)).topology(name);
const { devices, platform } = topology;
const program = topology.compile({ text }, { replicas: Number(replicas) });
const { memory, cost } = program;
const hosts = new Set(devices.map(({ process: host }) => host)).size;
const bytes = program.serialize().length;
program.dispose();
topology.dispose();
console.log(JSON.stringify({ platform, devices: devices.length, kind: devices[0].kind, hosts, memory, cost, bytes }));
