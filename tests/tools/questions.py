"""Questions to an entrypoint, made by hypothesis: its flags, and the same in SQL."""

from dataclasses import dataclass

from hypothesis import strategies as st

from tools.catalogs import COLUMNS, Column
from tools.conditions import Condition, Texts, conditions, contains, digits, sql_name, terms

FORMATS = ("text", "json", "jsonl", "csv", "tsv")


@dataclass(frozen=True)
class Question:
    """What is asked: which rows, in what order, printed how. A flag that is None is not given."""

    get: bytes | None = None
    where: Condition | None = None
    metric: Column | None = None
    search: bytes | None = None
    desc: bool = False
    limit: int | None = None
    format: str = "text"
    only: str | None = None  # ls, null or count

    @property
    def chooses(self) -> bool:
        """Whether it is one that nothing may match."""
        return bool(self.get) or self.where is not None or self.search is not None

    def arguments(self) -> list[bytes | str]:
        """The flags."""
        texts = {"-get": self.get, "-where": self.where and self.where.text, "-search": self.search}
        words: list[bytes | str] = [word for flag, text in texts.items() if text is not None for word in (flag, text)]
        words += [] if self.metric is None else ["-metric", self.metric.name]
        words += [] if self.limit is None else [f"-limit={self.limit}"]
        words += [] if self.format == "text" else ["--format", self.format]
        return words + ["-desc"] * self.desc + ([] if self.only is None else [f"-{self.only}"])

    def sql(self) -> str:
        """The same, for the keys of the rows in their order."""
        wanted = [] if self.where is None else [f"({self.where.sql})"]
        wanted += [] if self.get is None else [contains("key", self.get)]
        wanted += [] if self.search is None else [contains(digits(self.metric), self.search)]
        order = f"key {'DESC' if self.desc else ''}"
        if self.metric is not None:
            order = f"{sql_name(self.metric)} {'DESC' if self.desc else ''} NULLS LAST, key"
        limit = "" if self.limit is None else f"LIMIT {self.limit}"
        return f"SELECT key FROM catalog WHERE {' AND '.join(wanted) or 'true'} ORDER BY {order} {limit}"


@st.composite
def questions(draw: st.DrawFn, texts: Texts) -> Question:
    """Any flags that go together, about a catalog with these texts."""
    chosen = draw(st.sampled_from(["", "get", "where", "where", "search", "get where", "get search", "where search"]))
    metric = draw(st.sampled_from(COLUMNS) if "search" in chosen else st.none() | st.sampled_from(COLUMNS))
    form = draw(st.sampled_from(FORMATS))
    return Question(
        get=draw(terms(texts["path"])) if "get" in chosen else None,
        where=draw(conditions(texts)) if "where" in chosen else None,
        metric=metric,
        search=draw(terms(texts[metric.name])) if "search" in chosen else None,
        desc=draw(st.booleans()),
        limit=draw(st.none() | st.integers(0, 30)),
        format=form,
        only=draw(st.none() | st.sampled_from(["ls", "count", "null"] if form == "text" else ["ls"])),
    )
