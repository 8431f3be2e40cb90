"""The format version of each stage."""

# Raise a stage's number when the bytes that it writes change for the same input: its results are then made again. No
# other change of the code makes a stage run again. tests/workflow/test_formats.py compares the bytes with golden
# digests, and fails when they change and the number does not.
FORMATS = {
    "scan": 2,
    "hash": 3,
    "aggregate": 4,
    "rescan": 1,
    "render": 5,
    "compile": 6,
    "base": 1,
    "assemble": 5,
    "assemble_archive": 5,
    "attest": 5,
    "push": 1,
    "convert": 5,
    "convert_oci": 1,
    "verify": 1,
    "report": 6,
}
