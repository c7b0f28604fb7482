"""The families of workloads: their titles, and how far ahead of the best peer each row must be.

`parsed` and `json` are the least ratios of the best peer's time to ours, in that mode; None: shown only.
"""

import dataclasses


@dataclasses.dataclass
class Family:
    title: str
    parsed: float | None = None
    json: float | None = None


FAMILIES = {
    "small": Family("ten small policies, hit and miss", parsed=10, json=5),
    "data": Family("RBAC on 6 MB of data, random users", parsed=10),
    "index": Family("many distinct rules, and functions told apart by an argument", parsed=20),
    "join": Family("comprehension index, joins of two lists", parsed=20),
    "loop": Family("iteration, aggregation, partial sets and objects, every: 1,000 rows", parsed=8),
    "number": Family("arithmetic with exact results", parsed=40),
    "match": Family("regular expressions and globs, constant and from data", parsed=6),
    "string": Family("string built-ins, sprintf, CIDR", parsed=5),
    "tree": Family("walk, json.patch, object.union", parsed=8),
    "whole": Family("whole policies: containers, admission, network rules, entitlements", parsed=8),
}


def family(name):
    return FAMILIES.get(name) or Family(name)
