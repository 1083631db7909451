"""JSON values for a schema of the document: right ones, and ones with one thing wrong.

Knows the keywords that Slate's document uses. Where the document leaves open what makes sense, such as the path of a
field that is there, the caller gives a strategy for the schema of that name.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import strategies as st

from document import Document

Json = Any
Strategies = Mapping[str, st.SearchStrategy[Json]]

SURROGATE = "\ud800"
# Control characters, what JSON, CSV and URLs give a meaning, what folds oddly, what is outside the first plane.
hostile_texts = st.one_of(
    st.text(st.sampled_from("\0\x01\n\r\t\x7f\u0085\u2028\ufeff\"'\\,;%&=+#?/.{}[]<>- aßẞİıK\U0001f600"), max_size=12),
    st.text(max_size=20),
    st.sampled_from(["", " ", "_id", "null", "true", "-0", "1e999", "..", "%00", "a" * 1025, "é" * 600, "9" * 400]))
hostile_numbers = st.one_of(
    st.sampled_from([-1, 2**31, 2**53 + 1, 2**63 - 1, 2**63, -2**63 - 1, 2**64, 10**400, 0.5, -0.0, 1e308, 5e-324]),
    st.integers(), st.floats(allow_nan=False, allow_infinity=False))
json_values: st.SearchStrategy[Json] = st.recursive(
    st.one_of(st.none(), st.booleans(), hostile_numbers, hostile_texts),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(hostile_texts, inner, max_size=4)),
    max_leaves=8)


def subject(value: Json) -> str:
    """What an element of an array is about: nothing may be sorted by or shown twice."""
    if isinstance(value, dict):
        return str(next((value[name] for name in ("field", "colId", "name") if name in value), json.dumps(value)))
    return value.removeprefix("-") if isinstance(value, str) else json.dumps(value)


class Values:
    """Right values for schemas."""

    def __init__(self, document: Document, known: Strategies) -> None:
        self._document = document
        self._known = known
        self._named: dict[str, st.SearchStrategy[Json]] = {}

    def of(self, schema: dict[str, Any]) -> st.SearchStrategy[Json]:
        if "$ref" in schema:
            return self._of_name(schema["$ref"].rpartition("/")[2], schema)
        if "const" in schema:
            return st.just(schema["const"])
        if "enum" in schema:
            return st.sampled_from(schema["enum"])
        if "oneOf" in schema:
            return st.one_of([self.of(choice) for choice in schema["oneOf"]])
        types = schema.get("type", [])
        return st.one_of([self._of_type(kind, schema) for kind in ([types] if isinstance(types, str) else types)])

    def _of_name(self, name: str, schema: dict[str, Any]) -> st.SearchStrategy[Json]:
        if name in self._known:
            return self._known[name]
        if name not in self._named:
            self._named[name] = st.deferred(lambda: self.of(self._document.resolve(schema)))
        return self._named[name]

    def _of_type(self, kind: str, schema: dict[str, Any]) -> st.SearchStrategy[Json]:
        return {"null": st.none, "boolean": st.booleans, "string": lambda: st.text(max_size=8),
                "number": lambda: st.floats(schema.get("minimum"), schema.get("maximum"), allow_nan=False,
                                            allow_infinity=False),
                "integer": lambda: st.integers(schema.get("minimum"), schema.get("maximum")),
                "array": lambda: self._array(schema), "object": lambda: self._object(schema)}[kind]()

    def _array(self, schema: dict[str, Any]) -> st.SearchStrategy[Json]:
        if schema.get("maxItems") == 0:
            return st.just([])
        return st.lists(self.of(schema["items"]), min_size=schema.get("minItems", 0),
                        max_size=min(3, schema.get("maxItems", 3)), unique_by=subject)

    def _object(self, schema: dict[str, Any]) -> st.SearchStrategy[Json]:
        members = {name: self.of(member) for name, member in schema.get("properties", {}).items()}
        required = {name: members.pop(name) for name in schema.get("required", ())}
        return st.fixed_dictionaries(required, optional=members)


@st.composite
def spoilt(draw: Callable[..., Any], values: st.SearchStrategy[Json]) -> Json:
    """A value with a member lost, added or replaced somewhere. It may be right by chance: ask the schema."""
    value = draw(values)
    places = list(_places(value))
    path = draw(st.sampled_from(places))
    target = _at(value, path)
    change = draw(st.sampled_from(["replace", "add", "lose"]))
    if change == "add" and isinstance(target, dict):
        new: Json = {**target, draw(hostile_texts): draw(json_values)}
    elif change == "lose" and isinstance(target, dict) and target:
        lost = draw(st.sampled_from(sorted(target)))
        new = {name: member for name, member in target.items() if name != lost}
    else:
        new = draw(json_values)
    return _put(value, path, new)


def _places(value: Json, path: tuple[Any, ...] = ()) -> Any:
    yield path
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        yield from _places(member, (*path, name))


def _at(value: Json, path: tuple[Any, ...]) -> Json:
    for step in path:
        value = value[step]
    return value


def _put(value: Json, path: tuple[Any, ...], new: Json) -> Json:
    if not path:
        return new
    step, rest = path[0], path[1:]
    if isinstance(value, dict):
        return {**value, step: _put(value[step], rest, new)}
    return [*value[:step], _put(value[step], rest, new), *value[step + 1:]]


def nested(depth: int, kind: str) -> bytes:
    """JSON that is as deep as told."""
    opening, closing = {"array": ("[", "]"), "object": ('{"a":', "}"), "not": ('{"not":', "}")}[kind]
    return (opening * depth + "null" + closing * depth).encode()


@st.composite
def broken_json(draw: Callable[..., Any], values: st.SearchStrategy[Json]) -> bytes:
    """Bytes that are no JSON, or hardly any."""
    text = json.dumps(draw(values)).encode()
    at = draw(st.integers(0, max(0, len(text) - 1)))
    return draw(st.one_of(
        st.just(text[:at]), st.just(text + b"}"), st.just(b"\xef\xbb\xbf" + text),
        st.binary(min_size=1, max_size=4).map(lambda noise: text[:at] + noise + text[at:]),
        st.builds(nested, st.sampled_from([8, 64, 65, 1000]), st.sampled_from(["array", "object", "not"])),
        st.sampled_from([b"", b"NaN", b"[1e999]", b'{"a":1,"a":2}', b'"\\ud800"', b"\xff", b"\0", b"//"])))
