"""The columns of a shard's list, compared with its records."""

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from datacontainer.catalog.shards import NUMBERS, PATH, TARGET, Listed
from datacontainer.scan.records import DIRECTORY, FILE, LINK, Record
from tools.examples import tried

TIMES = st.integers(-(2**63), 2**63 - 1)
TEXTS = st.binary(min_size=1, max_size=8).map(lambda text: text.replace(b"\0", b" "))
RECORDS = st.lists(
    st.builds(
        Record,
        path=TEXTS,
        kind=st.sampled_from([FILE, LINK, DIRECTORY]),
        mode=st.integers(0, 0o7777),
        size=st.integers(0, 2**63 - 1),
        mtime_ns=TIMES,
        ctime_ns=TIMES,
        inode=st.integers(0, 2**64 - 1),
        target=st.just(b"") | TEXTS,
        through=st.integers(0, 2) | st.just(0),
    ),
    max_size=6,
)


@tried(200)
@given(records=RECORDS)
def test_listed_any_records_give_the_columns_of_files_and_symlinks(records):
    content = b"".join(record.encode() for record in records)
    listed, kept = Listed(content), [record for record in records if record.kind != DIRECTORY]
    assert listed.is_link.tolist() == [record.kind == LINK for record in kept]
    assert listed.texts(PATH, end=1).to_pylist() == [record.path + b"\0" for record in kept]
    assert listed.texts(TARGET).to_pylist() == [record.target for record in kept]
    columns = zip(*((f"{one.mode:o}", *one[3:7]) for one in kept), strict=True)
    arrays = [pa.array(values, kind) for values, kind in zip(columns, NUMBERS.values(), strict=bool(kept))]
    assert [column.combine_chunks() for column in listed.numbers(*NUMBERS)][: len(arrays)] == arrays
