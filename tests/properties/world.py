"""What the operations are called on: a datasource with records and a list over it, and words that make sense there."""

import json
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

import schema
from document import Document
from from_schema import Strategies, Values
from schema import RECORD_ID, Leaf
from slate import Slate

LEAVES = [Leaf("name", "string", indexed=True), Leaf("nick", "string", nocase=True), Leaf("age", "int", indexed=True),
          Leaf("score", "float"), Leaf("active", "bool"), Leaf("born", "date"), Leaf("tags", "list"),
          Leaf("address.city", "string"), Leaf("address.zip", "int")]
SCALARS = [leaf for leaf in LEAVES if leaf.type != "list"]
PATHS = [leaf.path for leaf in SCALARS]
RECORDS = [{"_id": str(i), "name": f"name {i % 7}", "nick": "aB"[i % 2], "age": i, "score": i / 4, "active": i % 3 == 0,
            "born": i * 86400, "tags": ["x", str(i % 3)], "address": {"city": None if i % 5 else "Rome", "zip": i}}
           for i in range(30)]
LIST = {"datasource": "people", "columns": [leaf.path for leaf in LEAVES], "pageSize": 10, "maxPageSize": 100}
# A port on which nothing listens: its loads fail.
ELSEWHERE = {"fields": [{"name": "a", "type": "int"}], "loader": {"endpoint": "grpc://127.0.0.1:1"}}


class World:
    def __init__(self, slate: Slate) -> None:
        self.slate = slate
        self._must("PUT", "/v1/datasources/elsewhere", ELSEWHERE)
        self.load: str = self._must("POST", "/v1/datasources/elsewhere/refresh")["id"]

    def reset(self) -> None:
        """As it was at first, whatever a call has changed."""
        for datasource in self.slate.ask("GET", "/v1/datasources").json()["datasources"]:
            if datasource["id"] != "elsewhere":
                self._must("DELETE", f"/v1/datasources/{datasource['id']}", query={"cascade": "true"})
        self._must("PUT", "/v1/datasources/people", schema.definition("people", LEAVES, [["age", "name"]]))
        self._must("POST", "/v1/datasources/people/records", RECORDS)
        self._must("PUT", "/v1/lists/adults", LIST)

    def _must(self, method: str, path: str, body: Any = None, query: dict[str, Any] | None = None) -> Any:
        answer = self.slate.ask(method, path, body, query)
        assert answer.status < 300, f"{method} {path}: {answer.status} {answer.body!r}"
        return json.loads(answer.body) if answer.body else None


filter_texts = schema.filters(LEAVES).map(lambda condition: json.dumps(schema.filter_json(condition)))

# Parameters whose schema only says that they are texts, or does not know what this list allows.
PARAMETERS: dict[str, st.SearchStrategy[str]] = {
    "take": st.integers(1, 100).map(str),
    "sort": schema.sorts(LEAVES).filter(bool).map(lambda keys: ",".join(key.text() for key in keys)),
    "columns": st.lists(st.sampled_from(PATHS), min_size=1, unique=True).map(",".join),
    "count": st.one_of(st.sampled_from(["none", "exact", "bounded"]), st.integers(1, 10**6).map(str),
                       st.integers(1, 10**6).map(lambda bound: f"bounded:{bound}")),
    "filter": filter_texts,
    "wait": st.sampled_from(["0", "1"]),
}

# Calls that may be refused although nothing in them is wrong, and how.
REFUSALS = {"getRecord": {404}, "patchRecord": {404}, "deleteRecord": {404}, "createDatasource": {409},
            "deleteDatasource": {409}, "refreshDatasource": {409}}


def known_values(document: Document) -> Strategies:
    """Strategies for the schemas of which the document leaves open what makes sense."""
    named = document.json["components"]["schemas"]
    known: dict[str, st.SearchStrategy[Any]] = {
        "Path": st.sampled_from(PATHS),
        "Filter": schema.filters(LEAVES).map(schema.filter_json),
        "SortKey": sort_keys(),
        "GridFilter": grid_filters(),
        "Cells": flat_cells().map(schema.record_json),
        "MergePatch": flat_cells().map(schema.record_json),
        "Record": st.builds(lambda rid, flat: {"_id": rid, **schema.record_json(flat)}, schema.ids, flat_cells()),
    }
    values = Values(document, known)
    known["Query"] = values.of(named["Query"]).map(sensible_query)
    known["GridRequest"] = values.of(named["GridRequest"]).flatmap(sensible_grid_request)
    # That of one list says the same of this world.
    known["list.adults.gridRequest"] = known["GridRequest"]
    known["ListDefinition"] = values.of(named["ListDefinition"]).map(sensible_list)
    known["Loader"] = values.of(named["Loader"]).map(sensible_loader)
    known["DatasourceDefinition"] = st.builds(
        lambda rest, fields: {**rest, **fields}, values.of(without(named["DatasourceDefinition"], "fields", "indexes")),
        definitions())
    return known


def sort_keys() -> st.SearchStrategy[Any]:
    return st.builds(schema.SortKey, st.sampled_from(SCALARS), st.booleans(), st.just(False)).flatmap(
        lambda key: st.sampled_from([key.text(), key.json()]))


def without(object_schema: dict[str, Any], *names: str) -> dict[str, Any]:
    members = {name: member for name, member in object_schema["properties"].items()
               if name not in names and member.get("type") != {} and ("type" in member or "enum" in member
                                                                     or "$ref" in member)}
    return {"type": "object", "properties": members}


def flat_cells() -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {}, optional={leaf.path: st.none() | schema.cells[leaf.type] for leaf in LEAVES})


@st.composite
def definitions(draw: Callable[..., Any]) -> dict[str, Any]:
    leaves = draw(st.lists(st.sampled_from(LEAVES), unique_by=lambda leaf: leaf.path))
    indexable = [leaf.path for leaf in leaves if leaf.type != "list"]
    indexes = draw(st.lists(st.permutations(indexable).map(lambda paths: paths[:3]), max_size=2,
                            unique_by=tuple)) if len(indexable) > 1 else []
    definition = schema.definition("x", leaves, indexes)
    del definition["id"]
    return definition


def sensible_query(query: dict[str, Any]) -> dict[str, Any]:
    query.pop("cursor", None)
    if query.get("take") is not None:
        query["take"] = min(query["take"], 10000)
    return query


def sensible_list(definition: dict[str, Any]) -> dict[str, Any]:
    definition.pop("id", None)
    definition.pop("datasourceRef", None)
    for name, other in (("pageSize", "page_size"), ("maxPageSize", "max_page_size")):
        if name in definition:
            definition.pop(other, None)
    size = definition.get("pageSize", definition.get("page_size", 0))
    if size > definition.get("maxPageSize", definition.get("max_page_size", 10000)):
        definition.pop("maxPageSize", None)
        definition.pop("max_page_size", None)
    return {**definition, "datasource": "people"}


def sensible_loader(loader: dict[str, Any]) -> dict[str, Any]:
    loader.update({name: [f"X-{i}" for i, _ in enumerate(loader[name])]
                   for name in ("forwardHeaders", "scopeHeaders") if name in loader})
    if "caFile" in loader:
        del loader["caFile"]
    if not loader.get("scopeHeaders"):
        loader.pop("maxScopes", None)
        loader.pop("maxScopeBytes", None)
    return {**loader, "endpoint": "grpc://127.0.0.1:1"}


@st.composite
def sensible_grid_request(draw: Callable[..., Any], request: dict[str, Any]) -> dict[str, Any]:
    if "filterModel" in request:
        request["filterModel"] = draw(st.dictionaries(st.sampled_from(["name", "nick"]), grid_filters(), max_size=2))
    if request.get("endRow") is not None:
        start = request.get("startRow") or 0
        request["endRow"] = start + draw(st.integers(1, 100))
    return request


def grid_filters() -> st.SearchStrategy[dict[str, Any]]:
    """Filters of text columns."""
    one = st.one_of(
        st.builds(lambda kind, text: {"filterType": "text", "type": kind, "filter": text},
                  st.sampled_from(["contains", "notContains", "equals", "notEqual", "startsWith", "endsWith"]),
                  schema.texts.filter(bool)),
        st.builds(lambda kind: {"filterType": "text", "type": kind}, st.sampled_from(["blank", "notBlank"])),
        st.builds(lambda values: {"filterType": "set", "values": values},
                  st.lists(st.none() | schema.texts, max_size=3)))
    return one | st.builds(lambda operator, members: {"filterType": "text", "operator": operator, "conditions": members},
                           st.sampled_from(["AND", "OR"]),
                           st.lists(one.filter(lambda member: member["filterType"] == "text"), min_size=1, max_size=3))


conditions = schema.conditions([*LEAVES, RECORD_ID]).filter(schema.has_parameter).map(schema.condition_parameter)
