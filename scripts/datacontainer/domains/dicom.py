"""DICOM: study, series and image of a file, with pydicom, and the names of tags that identify a person."""

import json
import os
from collections import Counter
from collections.abc import MutableSequence
from typing import Any

SUFFIXES, PREAMBLE_BYTES, MAGIC = ("dcm", "dicom", "ima"), 128, b"DICM"
FIELDS = {
    "modality": "Modality", "sop_class": "SOPClassUID", "study": "StudyInstanceUID", "study_date": "StudyDate",
    "study_description": "StudyDescription", "series": "SeriesInstanceUID", "series_number": "SeriesNumber",
    "series_description": "SeriesDescription", "instance": "InstanceNumber", "body_part": "BodyPartExamined",
    "manufacturer": "Manufacturer", "model": "ManufacturerModelName", "rows": "Rows", "columns": "Columns",
    "frames": "NumberOfFrames", "slice_thickness": "SliceThickness",
}  # fmt: skip
# Tags of the Basic Application Level Confidentiality Profile that name a person, a place or a request.
# Source: DICOM PS3.15, table E.1-1.
IDENTIFYING = [
    "PatientName", "PatientID", "PatientBirthDate", "PatientBirthName", "PatientMotherBirthName", "PatientAddress",
    "PatientTelephoneNumbers", "OtherPatientIDs", "OtherPatientNames", "OtherPatientIDsSequence", "PatientComments",
    "AccessionNumber", "StudyID", "ReferringPhysicianName", "RequestingPhysician", "PerformingPhysicianName",
    "NameOfPhysiciansReadingStudy", "PhysiciansOfRecord", "OperatorsName", "InstitutionName", "InstitutionAddress",
    "ResponsiblePerson", "MedicalRecordLocator", "MilitaryRank", "PatientInsurancePlanCodeSequence",
]  # fmt: skip


def metadata(path: str) -> dict[str, Any]:
    """Modality, study, series and size of the image, and `identifying`: the names of filled tags.

    Raises:
        InvalidDicomError: if a file with a suffix of DICOM is none.
    """
    # A name without a suffix may end with the number of a UID.
    suffix = path[path.rfind(".") + 1 :].lower()
    if suffix not in SUFFIXES and not ((suffix.isdigit() or "/" in suffix) and _has_magic(path)):
        return {}
    from pydicom import dcmread

    dataset = dcmread(path, stop_before_pixels=True, specific_tags=[*FIELDS.values(), *IDENTIFYING])
    found = {name: _value(dataset.get(keyword)) for name, keyword in FIELDS.items()}
    found["transfer_syntax"] = _value(dataset.file_meta.get("TransferSyntaxUID"))
    return found | {"identifying": [keyword for keyword in IDENTIFYING if dataset.get(keyword)]}


def dataset(frame: Any, _folder: str) -> dict[str, Any]:
    """Counts of files, studies, series, modalities and identifying tags; warns of the latter."""
    columns = [f"dicom_{name}" for name in ("transfer_syntax", "study", "series", "modality", "identifying")]
    files, studies, series, modalities, tags = (frame[one].dropna() if one in frame else [] for one in columns)
    counts: dict[str, Any] = {"files": len(files), "studies": len(set(studies)), "series": len(set(series))}
    counts["modalities"] = dict(sorted(Counter(modalities).items()))
    names = Counter(name for text in tags for name in json.loads(text))
    counts["identifying"] = {"files": len(tags), "tags": dict(sorted(names.items()))}
    if names:
        shown = ", ".join(f"{name} in {number:,}" for name, number in names.most_common(5))
        counts["warnings"] = [
            f"tags that may identify a person are filled in {len(tags):,} of {len(files):,} DICOM files ({shown}): "
            "anonymize them before you share the image; the column `dicom_identifying` names the tags"
        ]
    return counts


def _value(value: Any) -> Any:
    """The value with a type of Python: a number, the name of a UID, or a text."""
    if isinstance(value, (int, float)):
        return float(value) if isinstance(value, float) else int(value)
    if isinstance(value, MutableSequence):
        return [_value(one) for one in value]
    return None if value is None else str(getattr(value, "name", value))


def _has_magic(path: str) -> bool:
    with open(path, "rb") as file:
        return os.pread(file.fileno(), len(MAGIC), PREAMBLE_BYTES) == MAGIC
