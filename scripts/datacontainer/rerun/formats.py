"""The format version of each stage."""

# Raise a stage's number when the bytes that it writes change for the same input: its results are then made again. No
# other change of the code makes a stage run again. tests/workflow/test_formats.py compares the bytes with golden
# digests, and fails when they change and the number does not.
FORMATS = {
    "scan": 1,
    "hash": 1,
    "aggregate": 1,
    "rescan": 1,
    "render": 1,
    "compile": 1,
    "assemble": 1,
    "assemble_archive": 1,
    "attest": 1,
    "convert": 1,
    "verify": 1,
    "report": 1,
}
