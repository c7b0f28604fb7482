"""Whether the checkers are content with every policy of the bench."""

import subprocess

from . import workloads
from .engines import say


def _complaint(command):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    text = (done.stdout + done.stderr).strip()
    return text.splitlines()[0] if text else (f"status {done.returncode}" if done.returncode else None)


def check(writ, opa):
    """Prints what is found; the names of workloads with complaints."""
    print("\npolicies: check --strict" + (" of both, and opa fmt -l" if opa else ""))
    bad, works = [], workloads.find(hidden=True)
    for work in works:
        policy = workloads.make(work) / "policy.rego"
        commands = [[writ, "check", "--strict", policy]]
        if opa:
            commands += [[opa, "check", "--strict", policy], [opa, "fmt", "-l", policy]]
        for command in commands:
            complaint = _complaint(command)
            if complaint:
                say(f"{work.name}: {' '.join(map(str, command[:2]))}: {complaint}")
                bad.append(work.name)
    print(f"  {len(works)} policies, {len(set(bad))} with complaints")
    return sorted(set(bad))
