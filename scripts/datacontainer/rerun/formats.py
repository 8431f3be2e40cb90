"""The format version of each stage."""

# Raise a stage's number when the bytes that it writes change for the same input: its results are then made again. No
# other change of the code makes a stage run again. tests/workflow/test_formats.py compares the bytes with golden
# digests, and fails when they change and the number does not.
FORMATS = {
    "scan": 2,
    "hash": 2,
    "aggregate": 3,
    "rescan": 1,
    "render": 3,
    "compile": 3,
    "assemble": 3,
    "assemble_archive": 3,
    "attest": 3,
    "convert": 3,
    "verify": 1,
    "report": 3,
}
