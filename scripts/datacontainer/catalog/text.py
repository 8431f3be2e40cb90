"""The bytes of text columns."""

import numpy as np
import pyarrow as pa


def text_parts(texts: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Returns the offset of each text (int64, from 0) and the end of the last text, and the bytes of all texts (uint8).

    texts: large_binary, without nulls.
    """
    if len(texts) == 0:
        return np.zeros(1, np.int64), np.empty(0, np.uint8)
    _, offsets, data = texts.buffers()
    ends = np.frombuffer(offsets, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    return ends - ends[0], np.frombuffer(data or b"", np.uint8)[ends[0] : ends[-1]]
