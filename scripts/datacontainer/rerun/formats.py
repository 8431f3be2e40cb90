"""The format version of each stage."""

# Raise a stage's number when the bytes that it writes change for the same input: its results are then made again. No
# other change of the code makes a stage run again. tests/workflow/test_formats.py compares the bytes with golden
# digests, and fails when they change and the number does not.
FORMATS = {
    "scan": 1,
    "hash": 1,
    "aggregate": 2,
    "rescan": 1,
    "render": 2,
    "compile": 2,
    "assemble": 2,
    "assemble_archive": 2,
    "attest": 2,
    "convert": 2,
    "verify": 1,
    "report": 2,
}
