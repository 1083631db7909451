"""A datasource and a list over it, in random steps: what they answer is what the model of them does."""

import csv
import io
import json
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

import schema
from model import Model
from schema import RECORD_ID, Condition, Filter, Group, Leaf, Negation, SortKey
from slate import Answer, Call, Slate, segment

LEAVES = [Leaf("name", "string"), Leaf("age", "int"), Leaf("score", "float"), Leaf("active", "bool"),
          Leaf("born", "date"), Leaf("tags", "list"), Leaf("address.city", "string"), Leaf("address.zip", "int")]
LATER = Leaf("later", "string")
SORTABLE = [leaf.path for leaf in LEAVES if leaf.type != "list"]

schemas = st.tuples(*(st.booleans() for _ in LEAVES), *(st.booleans() for _ in LEAVES)).map(
    lambda flags: [Leaf(leaf.path, leaf.type, flags[i] and leaf.type != "list",
                        flags[len(LEAVES) + i] and leaf.type == "string") for i, leaf in enumerate(LEAVES)])
compound_indexes = st.lists(st.permutations(SORTABLE).flatmap(
    lambda paths: st.integers(2, 3).map(lambda length: paths[:length])), max_size=2, unique_by=tuple)
flat_cells = st.fixed_dictionaries(
    {}, optional={leaf.path: st.one_of(*[schema.cells[leaf.type]] * 3, st.none()) for leaf in LEAVES})
records = st.lists(st.tuples(schema.ids, flat_cells), min_size=1, max_size=12)
filters = st.none() | schema.filters([*LEAVES, RECORD_ID])
sorts = schema.sorts([*LEAVES, RECORD_ID])
leaves_of_values = st.sampled_from([*LEAVES, RECORD_ID])


def machine(slate: Slate) -> type[RuleBasedStateMachine]:
    """The machine's class, of this server."""

    class Records(RecordsMachine):
        server = slate

    return Records


class RecordsMachine(RuleBasedStateMachine):
    server: Slate
    datasource = "/v1/datasources/machine"
    list_view = "/v1/lists/machine"

    def __init__(self) -> None:
        super().__init__()
        self.list_filter: Filter | None = None
        self.list_sort: list[SortKey] = []
        self.has_list = False

    def teardown(self) -> None:
        self.server.ask("DELETE", self.datasource, query={"cascade": "true"})

    # ---- the datasource and the list

    @initialize(leaves=schemas, indexes=compound_indexes, first=records)
    def create(self, leaves: list[Leaf], indexes: list[list[str]], first: list[tuple[str, dict[str, Any]]]) -> None:
        """With some records, so that there is something to find from the first step on."""
        self.model = Model({leaf.path: leaf for leaf in leaves})
        self.indexes = indexes
        answer = self.server.ask("POST", "/v1/datasources", self.definition())
        assert answer.status == 201, answer
        self.write_all(first, replace=False, lines=False)

    def definition(self) -> dict[str, Any]:
        return schema.definition("machine", self.model.leaves.values(), self.indexes)

    def known(self, leaf: Leaf) -> Leaf:
        """The field as it is declared here: a strategy knows only its path and type."""
        return self.model.leaves.get(leaf.path, leaf)

    def bound(self, condition: Filter | None) -> Filter | None:
        return condition and self.bound_filter(condition)

    def bound_filter(self, condition: Filter) -> Filter:
        match condition:
            case Condition(leaf, op, value):
                return Condition(self.known(leaf), op, value)
            case Negation(inner):
                return Negation(self.bound_filter(inner))
            case Group(kind, members):
                return Group(kind, tuple(self.bound_filter(member) for member in members))

    def bound_sort(self, sort: list[SortKey]) -> list[SortKey]:
        return [SortKey(self.known(key.leaf), key.descending, key.nulls_first) for key in sort]

    @rule(leaves=schemas, indexes=compound_indexes, later=st.booleans())
    def change_datasource(self, leaves: list[Leaf], indexes: list[list[str]], later: bool) -> None:
        """Other indexes and collations, one field more or less; the records stay."""
        self.model.leaves = {leaf.path: leaf for leaf in ([*leaves, LATER] if later else leaves)}
        self.indexes = indexes
        if not later:
            for cells in self.model.records.values():
                cells.pop(LATER.path, None)
        answer = self.server.ask("PUT", self.datasource, self.definition())
        assert answer.status == 200, answer

    @rule(condition=filters, sort=sorts)
    def put_list(self, condition: Filter | None, sort: list[SortKey]) -> None:
        body = {"datasource": "machine", "columns": [leaf.path for leaf in LEAVES], "pageSize": 50,
                "sort": [key.json() for key in sort]}
        if condition:
            body["filter"] = schema.filter_json(condition)
        answer = self.server.ask("PUT", self.list_view, body)
        assert answer.status == (200 if self.has_list else 201), answer
        self.has_list, self.list_filter, self.list_sort = True, condition, sort

    @precondition(lambda self: self.has_list)
    @rule()
    def delete_list(self) -> None:
        refused = self.server.ask("DELETE", self.datasource)
        assert refused.status == 409 and refused.json()["code"] == "in_use", refused
        assert self.server.ask("DELETE", self.list_view).status == 204
        assert self.server.ask("GET", f"{self.list_view}/data").status == 404
        self.has_list = False

    # ---- writing

    @rule(records=records, replace=st.booleans(), lines=st.booleans())
    def write_records(self, records: list[tuple[str, dict[str, Any]]], replace: bool, lines: bool) -> None:
        self.write_all(records, replace, lines)

    def write_all(self, records: list[tuple[str, dict[str, Any]]], replace: bool, lines: bool) -> None:
        bodies = [json.dumps({"_id": rid, **schema.record_json(cells)}) for rid, cells in records]
        kind = "application/x-ndjson" if lines else "application/json"
        body = "\n".join(bodies) if lines else "[" + ",".join(bodies) + "]"
        answer = self.server.call(Call("POST", f"{self.datasource}/records",
                                       (("mode", "replace" if replace else "merge"),), {"Content-Type": kind},
                                       body.encode()))
        assert answer.status == 200, answer
        inserted = [self.write(rid, cells, replace) for rid, cells in records]
        counts = answer.json()
        assert counts["records"] == len(records), counts
        assert (counts["inserted"], counts["updated"]) == (sum(inserted), len(records) - sum(inserted)), counts

    def write(self, rid: str, cells: dict[str, Any], replace: bool) -> bool:
        """Into the model. A map is a cell as a whole. Whether the record is new."""
        is_new = rid not in self.model.records
        record = {} if replace else dict(self.model.records.get(rid, {}))
        named = {path.partition(".")[0] for path in cells}
        record = {path: cell for path, cell in record.items() if path.partition(".")[0] not in named}
        record.update({path: cell for path, cell in cells.items() if cell is not None})
        self.model.records[rid] = record
        return is_new

    def one(self, rid: str) -> str:
        return f"{self.datasource}/records/{segment(rid)}"

    @rule(rid=schema.ids, cells=flat_cells)
    def put_record(self, rid: str, cells: dict[str, Any]) -> None:
        is_new = self.write(rid, cells, replace=True)
        answer = self.server.ask("PUT", self.one(rid), schema.record_json(cells))
        assert answer.status == (201 if is_new else 200), answer
        assert answer.json() == self.model.shown(rid)

    @rule(rid=schema.ids, cells=flat_cells)
    def patch_record(self, rid: str, cells: dict[str, Any]) -> None:
        answer = self.server.ask("PATCH", self.one(rid), schema.record_json(cells))
        if rid not in self.model.records:
            assert answer.status == 404, answer
            return
        self.write(rid, cells, replace=False)
        assert answer.status == 200, answer
        assert answer.json() == self.model.shown(rid)

    @rule(rid=schema.ids)
    def delete_record(self, rid: str) -> None:
        answer = self.server.ask("DELETE", self.one(rid))
        assert answer.status == (204 if self.model.records.pop(rid, None) is not None else 404), answer

    @rule(wrong=st.sampled_from([{"_id": "a", "age": "old"}, {"age": 1}, {"_id": "a", "nothing": 1}, {"_id": ""}]),
          cells=flat_cells)
    def refuse_records(self, wrong: dict[str, Any], cells: dict[str, Any]) -> None:
        """One record is wrong, so none is written."""
        answer = self.server.ask("POST", f"{self.datasource}/records",
                                 [{"_id": "refused", **schema.record_json(cells)}, wrong])
        assert answer.status == 400, answer

    @rule()
    def delete_records(self) -> None:
        assert self.server.ask("DELETE", f"{self.datasource}/records").status == 204
        self.model.records.clear()

    # ---- reading

    @invariant()
    def rows_are_counted(self) -> None:
        status = self.server.ask("GET", self.datasource).json()["status"]
        assert status["rows"] == len(self.model.records), status

    @rule(rid=schema.ids)
    def read_record(self, rid: str) -> None:
        answer = self.server.ask("GET", self.one(rid))
        if rid in self.model.records:
            assert answer.json() == self.model.shown(rid)
        else:
            assert answer.status == 404, answer

    @rule(condition=filters, sort=sorts, skip=st.integers(0, 5), take=st.integers(0, 9),
          columns=st.none() | st.lists(st.sampled_from(LEAVES), min_size=1, unique=True))
    def query(self, condition: Filter | None, sort: list[SortKey], skip: int, take: int,
              columns: list[Leaf] | None) -> None:
        """A query in JSON."""
        body = {"filter": condition and schema.filter_json(condition), "sort": [key.json() for key in sort],
                "skip": skip, "take": take}
        if columns:
            body["columns"] = [leaf.path for leaf in columns]
        answer = self.server.ask("POST", f"{self.datasource}/query", body, {"count": "exact"})
        expected = self.model.select([self.bound(condition)], self.bound_sort(sort))
        self.compare(answer, expected, skip, take, [leaf.path for leaf in columns] if columns else None)

    @precondition(lambda self: self.model.records)
    @rule(leaf=st.sampled_from([*LEAVES, RECORD_ID]), place=st.integers(0, 30))
    def every_operator(self, leaf: Leaf, place: int) -> None:
        """With a value that is there."""
        ids = list(self.model.records)
        cell = self.model.cell(ids[place % len(ids)], leaf.path)
        value = next(iter(cell), None) if isinstance(cell, list) else cell
        if value is None:
            return
        for condition in schema.conditions_around(leaf, value):
            body = {"filter": schema.filter_json(condition), "take": 100}
            answer = self.server.ask("POST", f"{self.datasource}/query", body, {"count": "exact"})
            self.compare(answer, self.model.select([self.bound(condition)], []), 0, 100)

    @rule(conditions=st.lists(schema.conditions([*LEAVES, RECORD_ID]).filter(schema.has_parameter), max_size=3,
                              unique_by=lambda condition: (condition.leaf.path, condition.op)),
          sort=sorts, skip=st.integers(0, 5), take=st.integers(0, 9), of_list=st.booleans())
    def filter_in_url(self, conditions: list[Condition], sort: list[SortKey], skip: int, take: int,
                      of_list: bool) -> None:
        query = {"skip": skip, "take": take, "count": "exact", **dict(map(schema.condition_parameter, conditions))}
        if sort:
            query["sort"] = ",".join(key.text() for key in sort)
        wanted = [self.bound(condition) for condition in conditions]
        if of_list and self.has_list:
            wanted.append(self.bound(self.list_filter))
            answer = self.server.ask("GET", f"{self.list_view}/data", query=query)
            expected = self.model.select(wanted, self.bound_sort(sort or self.list_sort))
            self.compare(answer, expected, skip, take, [leaf.path for leaf in LEAVES])
        else:
            answer = self.server.ask("GET", f"{self.datasource}/records", query=query)
            self.compare(answer, self.model.select(wanted, self.bound_sort(sort)), skip, take)

    def compare(self, answer: Answer, expected: list[str], skip: int, take: int,
                columns: list[str] | None = None) -> None:
        assert answer.status == 200, answer
        page = answer.json()
        rows = [self.model.shown(rid, columns) for rid in expected[skip:skip + take]]
        assert page["records"] == rows, f"{page['records']}, expected {rows}"
        assert page["page"]["count"] == {"value": len(expected), "relation": "eq"}
        assert page["page"]["has_more"] == (skip + take < len(expected)), page["page"]

    @rule(condition=filters, sort=sorts, take=st.integers(1, 4))
    def walk(self, condition: Filter | None, sort: list[SortKey], take: int) -> None:
        """By cursors to the end, and back again."""
        expected = self.model.select([self.bound(condition)], self.bound_sort(sort))
        query: dict[str, Any] = {"take": take}
        if condition:
            query["filter"] = json.dumps(schema.filter_json(condition))
        if sort:
            query["sort"] = ",".join(key.text() for key in sort)
        forwards = self.pages(query, "next", None)
        assert sum(forwards.rows, []) == expected
        assert all(len(page) == take for page in forwards.rows[:-1]), forwards.rows
        backwards = self.pages(query, "previous", forwards.last_previous)
        seen = sum(reversed(backwards.rows), []) + forwards.rows[-1]
        assert seen == expected, f"{seen}, expected {expected}"

    def pages(self, query: dict[str, Any], direction: str, cursor: str | None) -> "Pages":
        """All pages in a direction; from the first one without a cursor, which only `next` may be."""
        found = Pages()
        while cursor or (direction == "next" and not found.rows):
            answer = self.server.ask("GET", f"{self.datasource}/records", query={**query, **(
                {"cursor": cursor} if cursor else {})})
            assert answer.status == 200, answer
            page = answer.json()["page"]
            found.rows.append([record["_id"] for record in answer.json()["records"]])
            found.last_previous = page["previous"]
            assert page["has_more"] == (page[direction] is not None), page
            assert len(found.rows) <= len(self.model.records) + 1, "the walk has no end"
            cursor = page[direction]
        return found

    @rule(leaf=leaves_of_values, condition=filters, by_count=st.booleans(), take=st.integers(1, 5))
    def values(self, leaf: Leaf, condition: Filter | None, by_count: bool, take: int) -> None:
        query: dict[str, Any] = {"order": "count" if by_count else "value", "take": take}
        if condition:
            query["filter"] = json.dumps(schema.filter_json(condition))
        answer = self.server.ask("GET", f"{self.datasource}/values/{leaf.path}", query=query)
        expected = self.model.values(leaf, self.bound(condition), by_count)
        assert answer.status == 200, answer
        shown = [{"value": value if leaf == RECORD_ID else self.model.shown_cell(leaf.path, value), "count": count}
                 for value, count in expected[:take]]
        assert answer.json()["values"] == shown, f"{answer.json()['values']}, expected {shown}"
        assert answer.json()["has_more"] == (len(expected) > take)

    @rule(condition=filters, sort=sorts)
    def streams(self, condition: Filter | None, sort: list[SortKey]) -> None:
        """NDJSON and CSV have every row."""
        expected = self.model.select([self.bound(condition)], self.bound_sort(sort))
        body = json.dumps({"filter": condition and schema.filter_json(condition), "sort": [key.json() for key in sort]})
        def ask(kind: str) -> str:
            answer = self.server.call(Call("POST", f"{self.datasource}/query", (),
                                           {"Content-Type": "application/json", "Accept": kind}, body.encode()))
            assert answer.status == 200, answer
            return answer.body.decode()
        lines = [json.loads(line) for line in ask("application/x-ndjson").split("\n") if line]
        assert lines == [self.model.shown(rid) for rid in expected]
        table = list(csv.reader(io.StringIO(ask("text/csv"), newline="")))
        assert table[0] == ["_id", *self.model.leaves]
        assert [row[0] for row in table[1:]] == expected
        name = table[0].index("name")
        assert [row[name] for row in table[1:]] == [self.model.cell(rid, "name") or "" for rid in expected]


class Pages:
    """What a walk has seen: the ids of each page, and the cursor back from the last."""

    def __init__(self) -> None:
        self.rows: list[list[str]] = []
        self.last_previous: str | None = None
