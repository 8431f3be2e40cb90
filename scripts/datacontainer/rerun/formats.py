"""The format version of each stage."""

# Raise a stage's number when the bytes that it writes change for the same input: its results are then made again. No
# other change of the code makes a stage run again. tests/workflow/test_formats.py compares the bytes with golden
# digests, and fails when they change and the number does not.
FORMATS = {
    "scan": 2,
    "hash": 3,
    "aggregate": 3,
    "rescan": 1,
    "render": 4,
    "compile": 4,
    "assemble": 4,
    "assemble_archive": 4,
    "attest": 4,
    "convert": 4,
    "verify": 1,
    "report": 4,
}
