#!/usr/bin/env python3
"""Checks Grafana's dashboard against the table of metrics: python3 tools/check_dashboard.py [ROOT]

Every expression of deploy/grafana/*.json names only metrics of docs/metrics.md (of a histogram its _bucket, _sum and
_count) and only their labels; every metric of the table is on a dashboard; panels have an id of their own, say what
they show and do not overlap. Prints one line a violation and exits 1 if there is any.
"""

import json
import re
import sys
from pathlib import Path

ROW = re.compile(r"^\| `([a-z_]+)` \| (counter|gauge|histogram) \|([^|]*)\|", re.MULTILINE)
METRIC = re.compile(r"\b((?:slate|process)_[a-z0-9_]+)(?:\{([^}]*)\})?")
# Labels that whoever scrapes adds, and that of a histogram's buckets.
SCRAPED = {"instance", "job", "le"}


def documented(text):
    """{metric or series of one: its labels} of the page's table."""
    names = {}
    for name, kind, labels in ROW.findall(text):
        own = set(re.findall(r"`([a-z_]+)`", labels))
        names[name] = own
        if kind == "histogram":
            for suffix in ("_bucket", "_sum", "_count"):
                names[name + suffix] = own
    return names


def expressions(dashboard):
    """(where, expression) of all panels and variables."""
    for panel in all_panels(dashboard):
        for target in panel.get("targets", []):
            yield f"panel {panel.get('title')!r}", target.get("expr", "")
    for variable in dashboard.get("templating", {}).get("list", []):
        query = variable.get("query", "")
        yield f"variable {variable.get('name')!r}", query.get("query", "") if isinstance(query, dict) else query


def all_panels(dashboard):
    for panel in dashboard.get("panels", []):
        yield panel
        yield from panel.get("panels", [])


def overlap(a, b):
    return (a["x"] < b["x"] + b["w"] and b["x"] < a["x"] + a["w"] and a["y"] < b["y"] + b["h"]
            and b["y"] < a["y"] + a["h"])


def check_expression(expression, names):
    """(problems, metrics that it names)."""
    problems, used = [], set()
    for name, matchers in METRIC.findall(expression):
        used.add(name)
        if name not in names:
            problems.append(f"{name} is not in docs/metrics.md")
            continue
        for label in re.findall(r"([a-z_]+)\s*(?:=~|!~|!=|=)", matchers):
            if label not in names[name] | SCRAPED:
                problems.append(f"{name} has no label {label}")
    if expression and not used and expression != "prometheus":
        problems.append("no metric in it")
    for labels in re.findall(r"\bby \(([^)]*)\)", expression):
        known = set().union(SCRAPED, *(names.get(name, set()) for name in used))
        for label in re.findall(r"[a-z_]+", labels):
            if label not in known:
                problems.append(f"grouped by {label}, which none of its metrics has")
    return problems, used


def check(dashboard, names):
    """Problems of one dashboard, and the metrics that it shows."""
    problems, used = [], set()
    for where, expression in expressions(dashboard):
        found, metrics = check_expression(expression, names)
        used |= metrics
        problems += [f"{where}: {each}" for each in found]
    seen, places = set(), []
    for panel in all_panels(dashboard):
        if panel.get("id") in seen:
            problems.append(f"panel {panel.get('title')!r}: its id is taken")
        seen.add(panel.get("id"))
        if not panel.get("title"):
            problems.append("a panel has no title")
        if panel.get("type") != "row" and not panel.get("targets"):
            problems.append(f"panel {panel.get('title')!r}: shows nothing")
        if any(overlap(panel["gridPos"], other) for other in places):
            problems.append(f"panel {panel.get('title')!r}: lies over another")
        places.append(panel["gridPos"])
    return problems, used


def main(root):
    names = documented((root / "docs/metrics.md").read_text(encoding="utf-8"))
    problems, used = [], set()
    files = sorted((root / "deploy/grafana").glob("*.json"))
    for file in files:
        try:
            dashboard = json.loads(file.read_text(encoding="utf-8"))
        except ValueError as error:
            problems.append(f"{file.relative_to(root)}: {error}")
            continue
        found, metrics = check(dashboard, names)
        used |= metrics
        problems += [f"{file.relative_to(root)}: {each}" for each in found]
    series = {re.sub(r"_(bucket|sum|count)$", "", name) for name in used} | used
    for name in names:
        if not re.search(r"_(bucket|sum|count)$", name) and name not in series:
            problems.append(f"docs/metrics.md: {name} is on no dashboard")
    if not names or not files:
        problems.append("there are no metrics, or no dashboard")
    print(*problems, sep="\n", end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent.parent)))
