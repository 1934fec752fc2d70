// Ends in one of several ways, some of them while a program runs that takes seconds. Arguments: plugin, way, text of the program.
import { openPlugin } from "@kindred/pjrt";

const [path, way, text] = process.argv.slice(2);
const plugin = await openPlugin(path);
if (way !== "loaded") {
  const client = plugin.client();
  if (way !== "client") {
    const program = client.compile({ text });
    const [{ shape }] = program.parameters;
    const matrix = client.put(new Float32Array(shape[0] * shape[1]).fill(1e-3), { shape });
    const [[result]] = program.execute([[matrix]]);
    if (way === "reading") result.read(new Float32Array(shape[0] * shape[1]));
  }
}
console.log("begun");
if (way === "exit") process.exit(7);
if (way === "reading") process.exit(7);
if (way === "throw") throw new Error("on purpose");
