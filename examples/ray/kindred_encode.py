"""Texts to vectors in a Ray dataset: each worker has a kindred-encode of its own and speaks Arrow with it."""

import subprocess

import pyarrow as pa


class KindredEncode:
    """A worker of Ray's map_batches. It starts the command once, hands it batches, and gets each back with a column `vector`.

    ds.map_batches(KindredEncode, fn_constructor_args=[["kindred-encode", "--model", "my-model", "--cores", "1"]],
                   batch_format="pyarrow", batch_size=1024, compute=ray.data.ActorPoolStrategy(size=2))
    """

    def __init__(self, command: list[str]):
        self.process = subprocess.Popen(
            [*command, "--format", "arrow"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.writer = None
        self.reader = None

    def __call__(self, table: pa.Table) -> pa.Table:
        batches = table.combine_chunks().to_batches() or [pa.RecordBatch.from_pylist([], schema=table.schema)]
        try:
            return pa.Table.from_batches([self.encode(batch) for batch in batches])
        except (OSError, StopIteration, pa.ArrowInvalid) as error:
            # What it had to say stands on standard error, in this worker's log.
            raise RuntimeError(f"kindred-encode ended with exit code {self.process.wait()}") from error

    def encode(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        if self.writer is None:
            self.writer = pa.ipc.new_stream(self.process.stdin, batch.schema)
        self.writer.write_batch(batch)
        self.process.stdin.flush()
        if self.reader is None:
            self.reader = pa.ipc.open_stream(self.process.stdout)
        return self.reader.read_next_batch()
