"""Trees of modules for the rows that compile: written once, into the build folder."""

from . import workloads
from .engines import BUILT

FILES = 1000
TESTS = 10  # in each file


def rules(size):
    """One file with that many distinct rules: the policy of a workload."""
    work = next(work for work in workloads.find() if work.name == f"acl-{size}")
    return workloads.make(work) / "policy.rego"


def module(i):
    parent = (i - 1) // 2
    text = [f"package tree.part{i}", ""]
    if i:
        text += [f"import data.tree.part{parent}", ""]
    text += [
        "default allow := false",
        "",
        "allow if {",
        "\tsome member in members",
        "\tmember.name == lower(input.user)",
        f"\tinput.action in {{\"read\", \"write{i % 7}\"}}",
        f"\tnot part{parent}.blocked" if i else "\tnot blocked",
        "}",
        "",
        "blocked if {",
        f"\tinput.hour >= {i % 24}",
        "\tcount(reasons) > 0",
        "}",
        "",
        "members := [",
        f'\t{{"name": "ada{i}", "level": {i % 9}}},',
        f'\t{{"name": "bob{i}", "level": {i % 5}}},',
        "]",
        "",
        "reasons contains reason if {",
        "\tsome label in input.labels",
        f'\tstartswith(label, "part{i}-")',
        '\treason := sprintf("label %v of %v", [label, input.user])',
        "}",
    ]
    return "\n".join(text) + "\n"


def tests(i):
    text = [f"package suite.group{i}", "", "import data.shared", ""]
    text += ["limits(tier) := shared.limits[tier]", ""]
    for j in range(TESTS):
        amount = 100 * j + i % 90
        expected = "" if amount <= 500 else "not "
        text += [
            f"test_amount_{j} if {{",
            f'\t{expected}shared.accept with input as {{"tier": "basic", "amount": {amount}}}',
            '\tlimits("basic") == 500',
            "}",
            "",
        ]
    return "\n".join(text).rstrip("\n") + "\n"


SHARED = """package shared

limits := {"basic": 500, "gold": 5000}

default accept := false

accept if input.amount <= limits[input.tier]
"""


def _write(name, files):
    folder = BUILT / "modules" / name
    folder.mkdir(parents=True, exist_ok=True)
    for file, text in files:
        (folder / file).write_text(text)
    return folder


def tree():
    return _write("tree", ((f"part{i}.rego", module(i)) for i in range(FILES)))


def suite():
    shared = [("shared.rego", SHARED)]
    return _write("suite", shared + [(f"group{i}_test.rego", tests(i)) for i in range(FILES)])
