// The part of ONNX's public format definition that a graph with external weights needs: messages, field names and numbers as in
// onnx.proto (IR version 8).
import { loadPeer } from "../peers/load.mjs";

const definition = `
syntax = "proto2";
message ModelProto {
  optional int64 ir_version = 1;
  optional string producer_name = 2;
  optional GraphProto graph = 7;
  repeated OperatorSetIdProto opset_import = 8;
}
message OperatorSetIdProto { optional string domain = 1; optional int64 version = 2; }
message GraphProto {
  repeated NodeProto node = 1;
  optional string name = 2;
  repeated TensorProto initializer = 5;
  repeated ValueInfoProto input = 11;
  repeated ValueInfoProto output = 12;
}
message NodeProto {
  repeated string input = 1;
  repeated string output = 2;
  optional string name = 3;
  optional string op_type = 4;
  repeated AttributeProto attribute = 5;
}
message AttributeProto {
  optional string name = 1;
  optional float f = 2;
  optional int64 i = 3;
  repeated int64 ints = 8;
  optional int32 type = 20;
}
message TensorProto {
  repeated int64 dims = 1;
  optional int32 data_type = 2;
  optional string name = 8;
  optional bytes raw_data = 9;
  repeated StringStringEntryProto external_data = 13;
  optional int32 data_location = 14;
}
message StringStringEntryProto { optional string key = 1; optional string value = 2; }
message ValueInfoProto { optional string name = 1; optional TypeProto type = 2; }
message TypeProto {
  message Tensor { optional int32 elem_type = 1; optional TensorShapeProto shape = 2; }
  optional Tensor tensor_type = 1;
}
message TensorShapeProto {
  message Dimension { optional int64 dim_value = 1; optional string dim_param = 2; }
  repeated Dimension dim = 1;
}
`;

/** ONNX's numbers for element types, attribute types and where a tensor's data lies. */
export const onnxTypes = { float: 1, int64: 7, attributeFloat: 1, attributeInt: 2, attributeInts: 7, external: 1 };

/**
 * An ONNX model as bytes.
 *
 * @param {object} model a ModelProto as a plain object
 * @returns {Promise<Uint8Array>}
 */
export async function encodeOnnx(model) {
  const protobuf = await loadPeer("protobufjs");
  const { root } = protobuf.parse(definition, { keepCase: true });
  const type = root.lookupType("ModelProto");
  return type.encode(type.fromObject(model)).finish();
}
