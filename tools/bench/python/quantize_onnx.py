"""Writes an ONNX graph with 8-bit products: weights quantised once, activations at every run, as sentence-transformers' export does.

usage: quantize_onnx.py FLOAT32.onnx INT8.onnx          needs the packages onnx and onnxruntime
"""

import sys

from onnxruntime.quantization import QuantType, quantize_dynamic

source, target = sys.argv[1:]
quantize_dynamic(source, target, weight_type=QuantType.QInt8, op_types_to_quantize=["MatMul"])
