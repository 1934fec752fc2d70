"""The same ONNX graph of an MPNet in OpenVINO with 8-bit products, from texts to vectors: sorted by length and padded to the longest of each batch.

Quantised by NNCF, weights and activations, with the first batches of the texts to find the ranges.
"""

import os

from play import play, strided


class OpenvinoEncode:
    def __init__(self, setup):
        import nncf
        import numpy
        import openvino
        import tokenizers

        self.numpy = numpy
        folder, self.batch_size = setup["folder"], setup["batchSize"]
        tokenizer = tokenizers.Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))
        tokenizer.enable_truncation(128)
        self.tokenizer, self.texts = tokenizer, setup["texts"]
        core = openvino.Core()
        model = core.read_model(os.path.join(folder, "model.onnx"))
        calibration = nncf.Dataset([feeds for feeds, _ in self.batches()])
        quantized = nncf.quantize(model, calibration, model_type=nncf.ModelType.TRANSFORMER)
        threads = {"INFERENCE_NUM_THREADS": setup["threads"], "NUM_STREAMS": 1}
        self.compiled = core.compile_model(quantized, "CPU", threads)
        self.name = f"OpenVINO {openvino.__version__.split('-')[0]}, int8"
        self.embeddings = None

    def batches(self):
        """The graph's inputs for each batch, and which sentences it holds."""
        np = self.numpy
        self.sentences = [encoding.ids for encoding in self.tokenizer.encode_batch(self.texts)]
        order = sorted(range(len(self.sentences)), key=lambda i: -len(self.sentences[i]))
        for first in range(0, len(order), self.batch_size):
            indices = order[first : first + self.batch_size]
            longest = len(self.sentences[indices[0]])
            shape = (len(indices), longest)
            ids, positions = np.ones(shape, np.int64), np.ones(shape, np.int64)
            mask, pooling = np.full(shape, -1e9, np.float32), np.zeros(shape, np.float32)
            for row, index in enumerate(indices):
                length = len(self.sentences[index])
                ids[row, :length] = self.sentences[index]
                positions[row, :length] = range(2, length + 2)
                mask[row, :length] = 0
                pooling[row, :length] = 1 / length
            feeds = {"input_ids": ids, "position_ids": positions, "mask": mask[:, None, None], "pooling": pooling[:, None], "buckets": self.buckets(longest)}
            yield feeds, indices

    def buckets(self, longest):
        """MPNet's bucket of each distance between a query and a key."""
        np = self.numpy
        distance = np.arange(longest)[None] - np.arange(longest)[:, None]
        far = np.abs(distance)
        large = 8 + (np.log(np.maximum(far, 1) / 8) / np.log(128 / 8) * 8).astype(np.int64)
        return np.where(far < 8, far, np.minimum(large, 15)) + np.where(distance > 0, 16, 0)

    def measure(self, turn):
        np = self.numpy
        embeddings = None
        for feeds, indices in self.batches():
            pooled = self.compiled(feeds)[0].reshape(len(indices), -1)
            if embeddings is None:
                embeddings = np.empty((len(self.texts), pooled.shape[1]), np.float32)
            embeddings[indices] = pooled / np.linalg.norm(pooled, axis=1, keepdims=True)
        self.embeddings = embeddings
        return sum(map(len, self.sentences))

    def sample(self):
        return strided(self.embeddings.reshape(-1), 2000)


if __name__ == "__main__":
    play(OpenvinoEncode)
