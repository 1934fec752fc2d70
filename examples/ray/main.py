"""Encodes a dataset with two workers of a local Ray, and compares their vectors with those of one plain run of kindred-encode."""

import argparse
import json
import logging
import os
import shlex
import subprocess
import tempfile
import time

import numpy
import pyarrow as pa
import ray

from kindred_encode import KindredEncode

arguments = argparse.ArgumentParser(description=__doc__)
arguments.add_argument("--model", required=True, help="folder of a model, or its id on the Hugging Face Hub")
arguments.add_argument("--rows", type=int, default=20_000)
arguments.add_argument("--workers", type=int, default=2)
arguments.add_argument("--command", default="npx kindred-encode", help="how kindred-encode is started")
options = arguments.parse_args()
command = [*shlex.split(options.command), "--model", options.model, "--cores", "1"]

words = "a the cat dog sat on mat while rain fell slowly over old green hills and nobody saw it".split()


def text_of(i: int) -> str:
    """A text of 1 to 24 words that its number alone decides."""
    return " ".join(words[(i * 7919 + k * k + i // (k + 1)) % len(words)] for k in range(1 + i * 31 % 24))


class Worker(KindredEncode):
    """Says beside each row which process encoded it."""

    def __call__(self, table: pa.Table) -> pa.Table:
        return super().__call__(table).append_column("worker", pa.array([os.getpid()] * len(table)))


texts = [text_of(i) for i in range(options.rows)]
ray.init(num_cpus=options.workers + 2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
ray.data.DataContext.get_current().enable_progress_bars = False
logging.getLogger("ray.data").setLevel(logging.ERROR)
started = time.perf_counter()
rows = (
    ray.data.from_arrow(pa.table({"id": range(options.rows), "text": texts}))
    .repartition(4 * options.workers)
    .map_batches(
        Worker,
        fn_constructor_args=[command],
        batch_format="pyarrow",
        batch_size=1024,
        compute=ray.data.ActorPoolStrategy(size=options.workers),
    )
    .materialize()
)
seconds = time.perf_counter() - started
table = pa.concat_tables(ray.get(rows.to_arrow_refs())).combine_chunks().sort_by("id")
vectors = numpy.stack(table["vector"].to_numpy(zero_copy_only=False))
shares = sorted(numpy.unique(table["worker"], return_counts=True)[1].tolist(), reverse=True)
ray.shutdown()

with tempfile.TemporaryDirectory() as folder:
    file = os.path.join(folder, "texts.jsonl")
    with open(file, "w") as lines:
        lines.writelines(json.dumps({"text": text}) + "\n" for text in texts)
    plain_file = os.path.join(folder, "plain.npy")
    subprocess.run([*command, "--input", file, "--output", plain_file, "--quiet"], check=True)
    plain = numpy.load(plain_file)

print(f"Ray {ray.__version__}, {len(shares)} workers with a kindred-encode each")
print(f"{len(table)} rows in {seconds:.1f} s, starting the workers included: {' + '.join(map(str, shares))}")
print(f"columns: {', '.join(f'{field.name} {field.type}' for field in table.schema)}")
equal = int((vectors.view(numpy.int32) == plain.view(numpy.int32)).all(axis=1).sum())
print(f"{equal} of {len(plain)} vectors equal those of one plain run to the last bit")
assert equal == len(plain) == options.rows and len(shares) == options.workers
