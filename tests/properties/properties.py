#!/usr/bin/env python3
"""Properties of the HTTP API, on random input: properties.py --slate PROGRAM [--examples N] [--seed N] [--only WORD]

Starts `slate serve` on an empty folder. Calls every operation of its OpenAPI document rightly, wrongly and with
hostility, and compares what datasources and lists answer with a model in Python. A failure is made as small as it goes
and printed with the seed that repeats it.
"""

import argparse
import functools
import random
import sys
import time
import traceback
from collections.abc import Callable

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test

from document import Document
from operations import Calls, Checks, properties
from records_machine import machine
from slate import Call, Slate
from world import World


class Run:
    """Runs properties one after the other, and counts those that fail."""

    def __init__(self, examples: int, seed_: int, only: str) -> None:
        self._seed = seed_
        self._only = only
        self.settings = settings(max_examples=examples, database=None, deadline=None,
                                 print_blob=False, suppress_health_check=list(HealthCheck))
        self.failed: list[str] = []
        self.passed = 0

    def seeded(self, test: Callable[..., None]) -> Callable[..., None]:
        return seed(self._seed)(test)

    def over(self, calls: st.SearchStrategy[Call], check: Callable[[Call], None]) -> Callable[[], None]:
        """A test that checks many calls."""
        @self.seeded
        @self.settings
        @given(call=calls)
        def test(call: Call) -> None:
            check(call)
        return test

    def run(self, name: str, test: Callable[[], None]) -> None:
        if self._only not in name:
            return
        started = time.monotonic()
        try:
            test()
        except Exception:  # whatever it is, the other properties are worth running
            self.failed.append(name)
            print(f"FAILED  {name}\n{traceback.format_exc(chain=False)}", flush=True)
        else:
            self.passed += 1
            print(f"ok      {name} ({time.monotonic() - started:.1f} s)", flush=True)


def run_operations(run: Run, slate: Slate) -> None:
    world = World(slate)
    world.reset()
    document = Document(slate)
    checks = Checks(slate, document, world)
    run.run("methods", checks.methods)
    for operation in document.operations():
        calls = Calls(operation, document, world)
        for kind, strategy, check in properties(checks):
            run.run(f"{operation.id} {kind}", run.over(strategy(calls), functools.partial(check, operation)))


def run_machine(run: Run, slate: Slate) -> None:
    records = run.seeded(machine(slate))
    # A walk is short, and most of its steps write: it takes more of them to ask as much.
    steps = settings(run.settings, max_examples=5 * run.settings.max_examples, stateful_step_count=40)
    run.run("records", lambda: run_state_machine_as_test(records, settings=steps))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slate", required=True, help="path of the program")
    parser.add_argument("--examples", type=int, default=100, help="of each property (default 100)")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**31))
    parser.add_argument("--only", default="", help="only properties whose name contains this")
    options = parser.parse_args()
    run = Run(options.examples, options.seed, options.only)
    print(f"{options.examples} examples a property; the same again: "
          f"./dev properties {options.examples} --seed {options.seed}", flush=True)
    with Slate(options.slate) as slate:
        run_operations(run, slate)
        run_machine(run, slate)
        if run.failed:
            print(slate.log())
    print(f"{run.passed} properties hold, {len(run.failed)} do not" + "".join(f"\n  {name}" for name in run.failed))
    return 1 if run.failed or not run.passed else 0


if __name__ == "__main__":
    sys.exit(main())
