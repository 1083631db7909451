"""Fields of datasources, and random cells, filters and sorts that make sense for them."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st


@dataclass(frozen=True)
class Leaf:
    """A field that has cells: one at the top, or one inside a map (`map.field`)."""

    path: str
    type: str  # as in a definition; a list is one of strings
    indexed: bool = False
    nocase: bool = False

    def definition(self) -> dict[str, Any]:
        member: dict[str, Any] = {"name": self.path.rpartition(".")[2], "type": self.type}
        if self.type == "list":
            member["items"] = {"type": "string"}
        if self.indexed:
            member["indexed"] = True
        if self.nocase:
            member["collation"] = "nocase"
        return member


@dataclass(frozen=True)
class Condition:
    leaf: Leaf
    op: str
    value: Any


@dataclass(frozen=True)
class Group:
    kind: str  # and, or
    members: tuple["Filter", ...]


@dataclass(frozen=True)
class Negation:
    inner: "Filter"


Filter = Condition | Group | Negation


@dataclass(frozen=True)
class SortKey:
    leaf: Leaf
    descending: bool
    nulls_first: bool

    def text(self) -> str:
        return "-" * self.descending + self.leaf.path + ":nulls_first" * self.nulls_first

    def json(self) -> dict[str, str]:
        return {"field": self.leaf.path, "direction": "desc" if self.descending else "asc",
                "nulls": "first" if self.nulls_first else "last"}


RECORD_ID = Leaf("_id", "string")

ORDERED = ("eq", "ne", "gt", "gte", "lt", "lte", "between", "in", "nin", "isnull")
PARTS = ("contains", "startswith", "endswith", "icontains", "istartswith", "iendswith", "ieq")
OPERATORS = {
    "string": (*ORDERED, *PARTS, "empty"),
    "int": ORDERED,
    "float": ORDERED,
    "date": ORDERED,
    "bool": ("eq", "ne", "in", "nin", "isnull"),
    "list": ("eq", "ne", "in", "nin", *PARTS, "isnull", "empty"),
}

# Few letters, so that texts meet; with some that fold, that URLs and CSV give a meaning, and that are long in UTF-8.
texts = st.one_of(
    *[st.text(st.sampled_from("aAb"), max_size=2)] * 3,
    st.text(st.sampled_from("aAbBßẞÉéſsK\u0131İ ,\\\"'%&+=_;:-\n\r\0\U0001f600"), max_size=6),
    st.text(st.characters(max_codepoint=0x24f), max_size=4),
    st.builds(lambda text, times: text * times, st.sampled_from(["a", "aB", "é"]), st.sampled_from([50, 600])))
ids = st.one_of(*[st.text(st.sampled_from("abc1"), min_size=1, max_size=2)] * 3,
                st.text(st.sampled_from("aA/?#%. +\u00e9\U0001f600"), min_size=1, max_size=4))
cells: dict[str, st.SearchStrategy[Any]] = {
    "string": texts,
    "int": st.one_of(*[st.integers(-2, 2)] * 3, st.integers(-2**63, 2**63 - 1)),
    "float": st.one_of(*[st.sampled_from([-1.5, 0.0, 1.0, 2.0, 1e300, 5e-324])] * 3,
                       st.floats(allow_nan=False, allow_infinity=False)).map(lambda value: value + 0.0),
    "bool": st.booleans(),
    # Within the years that RFC 3339 can tell, and Python, too.
    "date": st.one_of(*[st.sampled_from([-86400, -1, 0, 1, 86400])] * 3, st.integers(-62135596800, 253402300799)),
    "list": st.lists(texts, max_size=3),
}


def definition(identifier: str, leaves: Iterable[Leaf], indexes: list[list[str]]) -> dict[str, Any]:
    """A datasource's definition. Leaves inside one map are one field."""
    fields: dict[str, dict[str, Any]] = {}
    for leaf in leaves:
        outer, _, inner = leaf.path.partition(".")
        if inner:
            fields.setdefault(outer, {"name": outer, "type": "map", "fields": []})["fields"].append(leaf.definition())
        else:
            fields[outer] = leaf.definition()
    return {"id": identifier, "fields": list(fields.values()), "indexes": [{"fields": index} for index in indexes]}


def record_json(flat: dict[str, Any]) -> dict[str, Any]:
    """Cells by path as the members of a record."""
    record: dict[str, Any] = {}
    for path, cell in flat.items():
        outer, _, inner = path.partition(".")
        if inner:
            record.setdefault(outer, {})[inner] = cell
        else:
            record[outer] = cell
    return record


def constants(leaf: Leaf) -> st.SearchStrategy[Any]:
    """What a cell of the field can be compared with."""
    if leaf.type == "list":
        return texts
    if leaf.type == "int":
        return st.one_of(cells["int"], st.sampled_from([0.5, -1.5, 2.0]))
    return st.one_of(ids, texts) if leaf == RECORD_ID else cells[leaf.type]


@st.composite
def conditions(draw: Callable[..., Any], leaves: list[Leaf]) -> Condition:
    leaf = draw(st.sampled_from(leaves))
    op = draw(st.sampled_from(OPERATORS[leaf.type]))
    if op in ("isnull", "empty"):
        return Condition(leaf, op, draw(st.booleans()))
    if op in ("in", "nin"):
        return Condition(leaf, op, draw(st.lists(constants(leaf), max_size=4)))
    if op == "between":
        return Condition(leaf, op, [draw(constants(leaf)), draw(constants(leaf))])
    return Condition(leaf, op, draw(constants(leaf)))


def conditions_around(leaf: Leaf, cell: Any) -> list[Condition]:
    """Every operator with a constant that is the very value of a cell, or nearly so: there mistakes show."""
    made = []
    for op in OPERATORS[leaf.type]:
        if op in ("isnull", "empty"):
            made += [Condition(leaf, op, flag) for flag in (False, True)]
        elif op in ("in", "nin"):
            made.append(Condition(leaf, op, [cell]))
        elif op == "between":
            made.append(Condition(leaf, op, [cell, cell]))
        elif op in PARTS:
            made += [Condition(leaf, op, text) for text in {cell, cell.swapcase(), cell[:1], cell[1:]}]
        else:
            made.append(Condition(leaf, op, cell))
    return made


def filters(leaves: list[Leaf]) -> st.SearchStrategy[Filter]:
    return st.recursive(
        conditions(leaves),
        lambda inner: st.one_of(
            st.builds(Negation, inner),
            st.builds(Group, st.sampled_from(["and", "or"]), st.lists(inner, max_size=3).map(tuple))),
        max_leaves=5)


def sorts(leaves: list[Leaf]) -> st.SearchStrategy[list[SortKey]]:
    sortable = [leaf for leaf in leaves if leaf.type != "list"]
    return st.lists(st.builds(SortKey, st.sampled_from(sortable), st.booleans(), st.booleans()), max_size=3,
                    unique_by=lambda key: key.leaf.path)


def filter_json(condition: Filter) -> dict[str, Any]:
    match condition:
        case Condition(leaf, op, value):
            return {"field": leaf.path, "op": op, "value": value}
        case Negation(inner):
            return {"not": filter_json(inner)}
        case Group(kind, members):
            return {kind: [filter_json(member) for member in members]}


def condition_parameter(condition: Condition) -> tuple[str, str]:
    """A condition as a parameter of the URL."""
    name = f"{condition.leaf.path}__{condition.op}"
    if isinstance(condition.value, list):
        return name, ",".join(_escape(value_text(value)) for value in condition.value)
    return name, value_text(condition.value)


def has_parameter(condition: Condition) -> bool:
    """Whether the words of the URL can say it: an empty text among others cannot be told from none."""
    return not (condition.op in ("in", "nin") and condition.value == [""])


def value_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace(",", "\\,")
