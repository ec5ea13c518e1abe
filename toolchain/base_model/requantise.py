"""Re-quantise a GGUF file to Q8_0, deterministically.

The packaged file holds Q5_0 tensors, which the device engine computes without SIMD (docs/adr/0003-base-model.md).
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from gguf import GGMLQuantizationType, GGUFEndian, GGUFReader, GGUFValueType, GGUFWriter, LlamaFileType
from gguf.quants import dequantize, quantize

from toolchain.whole_file import written_whole

_WRITER_OWN_FIELDS = {"general.architecture", "general.file_type", "general.quantization_version"}


def requantise_to_q8_0(source: Path, target: Path, progress: Callable[[str], None]) -> None:
    """Write `source` with every quantised tensor as Q8_0; float32 tensors and metadata are kept as they are."""
    reader = GGUFReader(source)
    with written_whole(target) as partial:
        writer = GGUFWriter(partial, reader.fields["general.architecture"].contents(), endianess=GGUFEndian.LITTLE)
        _copy_metadata(reader, writer)
        writer.add_file_type(LlamaFileType.MOSTLY_Q8_0)
        writer.add_quantization_version(2)
        for index, tensor in enumerate(reader.tensors):
            data, kind = _as_q8_0(tensor)
            writer.add_tensor(tensor.name, data, raw_dtype=kind)
            if index % 40 == 0:
                progress(f"re-quantising to Q8_0: tensor {index + 1} of {len(reader.tensors)}")
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()


def _as_q8_0(tensor: Any) -> tuple[np.ndarray[Any, Any], GGMLQuantizationType]:
    kind = tensor.tensor_type
    if kind in (GGMLQuantizationType.F32, GGMLQuantizationType.Q8_0):
        return tensor.data, kind
    weights = dequantize(tensor.data, kind).astype(np.float32)
    return quantize(weights, GGMLQuantizationType.Q8_0), GGMLQuantizationType.Q8_0


def _copy_metadata(reader: GGUFReader, writer: GGUFWriter) -> None:
    for key, field in reader.fields.items():
        if key.startswith("GGUF.") or key in _WRITER_OWN_FIELDS:
            continue
        element_type = field.types[-1] if field.types[0] == GGUFValueType.ARRAY else None
        writer.add_key_value(key, field.contents(), field.types[0], sub_type=element_type)
