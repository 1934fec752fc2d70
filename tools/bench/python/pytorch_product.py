"""The product of a linear layer, x·Wᵀ, by PyTorch."""

from play import play


class PytorchProduct:
    def __init__(self, setup):
        import torch

        torch.set_num_threads(setup["threads"])
        self.name = f"torch {torch.__version__}"
        self.linear = torch.nn.functional.linear
        self.x = torch.randn(setup["rows"], setup["inner"])
        self.weight = torch.randn(setup["columns"], setup["inner"])
        self.repeats = setup["repeats"]

    def measure(self, turn):
        for _ in range(self.repeats):
            product = self.linear(self.x, self.weight)
        return self.repeats * 2e-9 * product.numel() * self.x.shape[1]

    def sample(self):
        return []


play(PytorchProduct)
