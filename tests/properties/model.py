"""What a datasource should hold and answer: records in a dict, filtered and sorted by a few lines of Python."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cmp_to_key
from typing import Any

from schema import Condition, Filter, Group, Leaf, Negation, SortKey

Cells = dict[str, Any]  # by path; null is not there
EPOCH = datetime(1970, 1, 1)


def fold(text: str) -> str:
    """Unicode simple case folding: one character to one."""
    return "".join(next((folded for folded in (c.casefold(), c.lower()) if len(folded) == 1), c) for c in text)


def time_text(seconds: int) -> str:
    return (EPOCH + timedelta(seconds=seconds)).isoformat() + "Z"


def comparable(value: Any, leaf: Leaf) -> Any:
    return fold(value) if leaf.nocase else value


COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda cell, value: cell == value,
    "ne": lambda cell, value: cell != value,
    "gt": lambda cell, value: cell > value,
    "gte": lambda cell, value: cell >= value,
    "lt": lambda cell, value: cell < value,
    "lte": lambda cell, value: cell <= value,
    "between": lambda cell, value: value[0] <= cell <= value[1],
    "in": lambda cell, value: cell in value,
    "nin": lambda cell, value: cell not in value,
}
TEXTS: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda cell, value: value in cell,
    "startswith": lambda cell, value: cell.startswith(value),
    "endswith": lambda cell, value: cell.endswith(value),
    "eq": lambda cell, value: cell == value,
}
NEGATIONS = {"ne": "eq", "nin": "in"}


def holds(condition: Condition, cell: Any) -> bool:
    """Whether a condition holds for a cell, null included."""
    op, leaf, value = condition.op, condition.leaf, condition.value
    if op == "isnull":
        return bool((cell is None) == value)
    if op == "empty":
        return bool((cell is None or cell == "" or cell == []) == value)
    if op in NEGATIONS:
        return not holds(Condition(leaf, NEGATIONS[op], value), cell)
    if cell is None:
        return False
    if leaf.type == "list":
        return any(_holds_for(op, leaf, value, element) for element in cell)
    return _holds_for(op, leaf, value, cell)


def _holds_for(op: str, leaf: Leaf, value: Any, cell: Any) -> bool:
    if op in COMPARISONS:
        wanted = [comparable(v, leaf) for v in value] if isinstance(value, list) else comparable(value, leaf)
        return COMPARISONS[op](comparable(cell, leaf), wanted)
    if op.startswith("i"):
        return TEXTS[op[1:]](fold(cell), fold(value))
    return TEXTS[op](cell, value)


@dataclass
class Model:
    """Records in order of arrival; a record that is changed keeps its place."""

    leaves: dict[str, Leaf]
    records: dict[str, Cells] = field(default_factory=dict)

    def cell(self, rid: str, path: str) -> Any:
        return rid if path == "_id" else self.records[rid].get(path)

    def matches(self, condition: Filter | None, rid: str) -> bool:
        match condition:
            case None:
                return True
            case Condition():
                return holds(condition, self.cell(rid, condition.leaf.path))
            case Negation(inner):
                return not self.matches(inner, rid)
            case Group("and", members):
                return all(self.matches(member, rid) for member in members)
            case Group(_, members):
                return any(self.matches(member, rid) for member in members)

    def select(self, filters: Iterable[Filter | None], sort: list[SortKey]) -> list[str]:
        """The ids of what matches, in order."""
        conditions = list(filters)
        found = [rid for rid in self.records if all(self.matches(condition, rid) for condition in conditions)]
        return sorted(found, key=cmp_to_key(lambda a, b: self._compare(a, b, sort)))

    def _compare(self, a: str, b: str, sort: list[SortKey]) -> int:
        for key in sort:
            x, y = self.cell(a, key.leaf.path), self.cell(b, key.leaf.path)
            if x is None or y is None:
                if (x is None) == (y is None):
                    continue
                return -1 if (x is None) == key.nulls_first else 1
            x, y = comparable(x, key.leaf), comparable(y, key.leaf)
            if x != y:
                return -1 if (x < y) != key.descending else 1
        return 0

    def values(self, leaf: Leaf, condition: Filter | None, by_count: bool) -> list[tuple[Any, int]]:
        """Distinct values as they are stored, with counts; null last, but for its count."""
        counts: Counter[Any] = Counter()
        for rid in self.select([condition], []):
            cell = self.cell(rid, leaf.path)
            counts.update(set(cell) if isinstance(cell, list) else [cell])
        found = sorted(counts.items(), key=lambda entry: (entry[0] is None, entry[0] if entry[0] is not None else 0))
        return sorted(found, key=lambda entry: -entry[1]) if by_count else found

    def shown(self, rid: str, paths: Iterable[str] | None = None) -> dict[str, Any]:
        """A record as JSON has it: null where a column has no value, maps put together."""
        record: dict[str, Any] = {"_id": rid}
        for path in self.leaves if paths is None else paths:
            if path == "_id":
                continue
            cell = self.shown_cell(path, self.cell(rid, path))
            outer, _, inner = path.partition(".")
            if inner:
                record[outer] = {**(record.get(outer) or {}), inner: cell}
            else:
                record[path] = cell
        return {name: None if isinstance(cell, dict) and not any(v is not None for v in cell.values()) else cell
                for name, cell in record.items()}

    def shown_cell(self, path: str, cell: Any) -> Any:
        return time_text(cell) if cell is not None and self.leaves[path].type == "date" else cell
