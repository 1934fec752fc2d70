// The part of the PJRT C API that packages/pjrt uses: functions, structs with their fields, and constants.

/**
 * The argument struct of each function that is called, as `PJRT_<name>_Args` and `PJRT_Api.PJRT_<name>`, with the fields that are
 * written or read.
 *
 * @type {{ readonly [name: string]: readonly string[] }}
 */
export const functions = {
  Error_Destroy: ["error"],
  Error_Message: ["error", "message", "message_size"],
  Error_GetCode: ["error", "code"],
  Plugin_Initialize: [],
  Plugin_Attributes: ["attributes", "num_attributes"],
  Event_Destroy: ["event"],
  Event_IsReady: ["event", "is_ready"],
  Event_Await: ["event"],
  Client_Create: ["create_options", "num_options", "client"],
  Client_Destroy: ["client"],
  Client_PlatformName: ["client", "platform_name", "platform_name_size"],
  Client_PlatformVersion: ["client", "platform_version", "platform_version_size"],
  Client_ProcessIndex: ["client", "process_index"],
  Client_Devices: ["client", "devices", "num_devices"],
  Client_AddressableDevices: ["client", "addressable_devices", "num_addressable_devices"],
  Client_Compile: ["client", "program", "compile_options", "compile_options_size", "executable"],
  Client_BufferFromHostBuffer: [
    ...["client", "data", "type", "dims", "num_dims", "byte_strides", "num_byte_strides", "host_buffer_semantics"],
    ...["device", "memory", "device_layout", "done_with_host_buffer", "buffer"],
  ],
  DeviceDescription_Id: ["device_description", "id"],
  DeviceDescription_ProcessIndex: ["device_description", "process_index"],
  DeviceDescription_Attributes: ["device_description", "num_attributes", "attributes"],
  DeviceDescription_Kind: ["device_description", "device_kind", "device_kind_size"],
  DeviceDescription_ToString: ["device_description", "to_string", "to_string_size"],
  Device_GetDescription: ["device", "device_description"],
  Device_MemoryStats: [
    "device",
    "bytes_in_use",
    "peak_bytes_in_use",
    "peak_bytes_in_use_is_set",
    "bytes_limit",
    "bytes_limit_is_set",
  ],
  Executable_Destroy: ["executable"],
  Executable_NumOutputs: ["executable", "num_outputs"],
  Executable_OutputElementTypes: ["executable", "output_types", "num_output_types"],
  Executable_OutputDimensions: ["executable", "num_outputs", "dims", "dim_sizes"],
  Executable_GetCostAnalysis: ["executable", "num_properties", "properties"],
  Executable_GetCompiledMemoryStats: [
    ...["executable", "generated_code_size_in_bytes", "argument_size_in_bytes", "output_size_in_bytes"],
    ...["alias_size_in_bytes", "temp_size_in_bytes"],
  ],
  Executable_Serialize: [
    ...["executable", "serialized_bytes", "serialized_bytes_size", "serialized_executable"],
    "serialized_executable_deleter",
  ],
  Executable_DeserializeAndLoad: [
    ...["client", "serialized_executable", "serialized_executable_size", "loaded_executable"],
  ],
  LoadedExecutable_Destroy: ["executable"],
  LoadedExecutable_GetExecutable: ["loaded_executable", "executable"],
  LoadedExecutable_AddressableDevices: ["executable", "addressable_devices", "num_addressable_devices"],
  LoadedExecutable_Execute: [
    ...["executable", "options", "argument_lists", "num_devices", "num_args", "output_lists", "device_complete_events"],
    "execute_device",
  ],
  Buffer_Destroy: ["buffer"],
  Buffer_IsDeleted: ["buffer", "is_deleted"],
  Buffer_ToHostBuffer: ["src", "host_layout", "dst", "dst_size", "event"],
  Buffer_ReadyEvent: ["buffer", "event"],
  TopologyDescription_Create: ["topology_name", "topology_name_size", "create_options", "num_options", "topology"],
  TopologyDescription_Destroy: ["topology"],
  TopologyDescription_PlatformName: ["topology", "platform_name", "platform_name_size"],
  TopologyDescription_PlatformVersion: ["topology", "platform_version", "platform_version_size"],
  TopologyDescription_GetDeviceDescriptions: ["topology", "descriptions", "num_descriptions"],
  Compile: ["topology", "program", "compile_options", "compile_options_size", "client", "executable"],
};

/**
 * Structs that arguments point to, as `PJRT_<name>`.
 *
 * @type {{ readonly [name: string]: readonly string[] }}
 */
export const structs = {
  NamedValue: [
    "name",
    "name_size",
    "type",
    "int64_value",
    "float_value",
    "bool_value",
    "string_value",
    "int64_array_value",
    "value_size",
  ],
  Program: ["code", "code_size", "format", "format_size"],
  ExecuteOptions: ["launch_id", "non_donatable_input_indices", "num_non_donatable_input_indices"],
  Buffer_MemoryLayout: ["strides.struct_size", "strides.byte_strides", "strides.num_byte_strides", "type"],
  Api: ["pjrt_api_version.major_version", "pjrt_api_version.minor_version", "PJRT_Error_Destroy"],
};

/**
 * Enumerated constants: a name of ours, and theirs.
 *
 * @type {{ readonly [name: string]: string }}
 */
export const constants = {
  f32: "PJRT_Buffer_Type_F32",
  bf16: "PJRT_Buffer_Type_BF16",
  i32: "PJRT_Buffer_Type_S32",
  ui32: "PJRT_Buffer_Type_U32",
  i1: "PJRT_Buffer_Type_PRED",
  copiedDuringCall: "PJRT_HostBufferSemantics_kImmutableOnlyDuringCall",
  stridesLayout: "PJRT_Buffer_MemoryLayout_Type_Strides",
  namedString: "PJRT_NamedValue_kString",
  namedInt64: "PJRT_NamedValue_kInt64",
  namedInt64List: "PJRT_NamedValue_kInt64List",
  namedFloat: "PJRT_NamedValue_kFloat",
  namedBool: "PJRT_NamedValue_kBool",
};
