"""DICOM: study, series and image of a file, with pydicom, and the names of tags that identify a person."""

import os
from collections import Counter
from typing import Any

from datacontainer.domains.bounds import filled, listed

SUFFIXES, PREAMBLE_BYTES, MAGIC = ("dcm", "dicom", "ima"), 128, b"DICM"
FIELDS = {
    "modality": "Modality",
    "sop_class": "SOPClassUID",
    "study": "StudyInstanceUID",
    "study_date": "StudyDate",
    "study_description": "StudyDescription",
    "series": "SeriesInstanceUID",
    "series_number": "SeriesNumber",
    "series_description": "SeriesDescription",
    "instance": "InstanceNumber",
    "body_part": "BodyPartExamined",
    "manufacturer": "Manufacturer",
    "model": "ManufacturerModelName",
    "rows": "Rows",
    "columns": "Columns",
    "frames": "NumberOfFrames",
    "slice_thickness": "SliceThickness",
}
# Tags of the Basic Application Level Confidentiality Profile that name a person, a place or a request.
# Source: DICOM PS3.15, table E.1-1.
IDENTIFYING = [
    "PatientName", "PatientID", "PatientBirthDate", "PatientBirthName", "PatientMotherBirthName",
    "PatientAddress", "PatientTelephoneNumbers", "OtherPatientIDs", "OtherPatientNames",
    "OtherPatientIDsSequence", "PatientComments", "AccessionNumber", "StudyID", "ReferringPhysicianName",
    "RequestingPhysician", "PerformingPhysicianName", "NameOfPhysiciansReadingStudy", "PhysiciansOfRecord",
    "OperatorsName", "InstitutionName", "InstitutionAddress", "ResponsiblePerson", "MedicalRecordLocator",
    "MilitaryRank", "PatientInsurancePlanCodeSequence",
]  # fmt: skip


def metadata(path: str) -> dict[str, Any]:
    """Modality, study, series and size of the image, and `dicom_identifying`: the names of filled tags.

    Raises:
        InvalidDicomError: if a file with a suffix of DICOM is none.
    """
    # A name without a suffix may end with the number of a UID.
    suffix = path[path.rfind(".") + 1 :].lower()
    if suffix not in SUFFIXES and not ((suffix.isdigit() or "/" in suffix) and _has_magic(path)):
        return {}
    from pydicom import dcmread

    dataset = dcmread(path, stop_before_pixels=True, specific_tags=[*FIELDS.values(), *IDENTIFYING])
    syntax = dataset.file_meta.get("TransferSyntaxUID")
    found = {f"dicom_{name}": _value(dataset.get(keyword)) for name, keyword in FIELDS.items()}
    found["dicom_transfer_syntax"] = syntax.name if syntax else None
    found["dicom_identifying"] = [keyword for keyword in IDENTIFYING if dataset.get(keyword)]
    return filled(found)


def dataset(frame: Any, _folder: str) -> dict[str, Any]:
    """Counts of files, studies, series, modalities and identifying tags."""
    if "dicom_transfer_syntax" not in frame:
        return {}
    files = frame[frame["dicom_transfer_syntax"].notna()]
    counts: dict[str, Any] = {"files": len(files)}
    for name, column in (("studies", "dicom_study"), ("series", "dicom_series")):
        counts[name] = int(files[column].nunique()) if column in files else 0
    counts["modalities"] = _counted(files["dicom_modality"].dropna()) if "dicom_modality" in files else {}
    if "dicom_identifying" in files:
        texts = files["dicom_identifying"].dropna()
        tags: Counter[str] = Counter(tag for text in texts for tag in text.strip("[]").replace('"', "").split(", "))
        counts["identifying"] = {"files": len(texts), "tags": dict(sorted(tags.items()))}
        shown = ", ".join(f"{tag} in {number:,}" for tag, number in tags.most_common(5))
        counts["warnings"] = [
            f"tags that may identify a person are filled in {len(texts):,} of {len(files):,} DICOM files ({shown}): "
            "anonymize them before you share the image; the column `dicom_identifying` names the tags"
        ]
    return counts


def _value(value: Any) -> Any:
    """The value with a type of Python: pydicom has subclasses of str, int and float."""
    if value is None or value == "":
        return None
    if type(value).__name__ == "MultiValue":
        return listed([_value(one) for one in value])
    if type(value).__name__ == "DSdecimal" or isinstance(value, float):
        return float(value)
    return int(value) if isinstance(value, int) else getattr(value, "name", None) or str(value)


def _has_magic(path: str) -> bool:
    with open(path, "rb") as file:
        return os.pread(file.fileno(), len(MAGIC), PREAMBLE_BYTES) == MAGIC


def _counted(values: Any) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))
