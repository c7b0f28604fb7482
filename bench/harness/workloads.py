"""Finding workloads and making their files in the build folder.

A workload is a folder below bench/workloads with a workload.json. A file that workload.json names and that the
folder does not hold is written by `generate.py FILE [SIZE]`. What was made is kept until a source changes.
"""

import dataclasses
import hashlib
import json
import pathlib
import shutil
import subprocess
import sys

from .engines import BUILT, TOP, fail

SOURCES = TOP / "bench" / "workloads"


@dataclasses.dataclass
class Workload:
    name: str  # with its size, where it has several
    family: str
    title: str
    source: pathlib.Path
    size: int | None = None
    slope: tuple = ()  # the sizes for the slope table

    @property
    def folder(self):
        return BUILT / "workloads" / self.name

    def of_size(self, size):
        return dataclasses.replace(self, name=f"{self.source.name}-{size}", size=size)


def _read(hidden):
    """(workload without a size, its sizes) of every folder. Hidden ones belong to parts of their own."""
    for path in sorted(SOURCES.glob("*/workload.json")):
        work = json.loads(path.read_text())
        if work.get("hidden", False) <= hidden:
            base = Workload(path.parent.name, work["family"], work["title"], path.parent, work.get("size"), tuple(work.get("slope", ())))
            yield base, work.get("sizes")


def find(hidden=False):
    """All workloads, those with several sizes as one each."""
    return [work for base, sizes in _read(hidden) for work in (map(base.of_size, sizes) if sizes else [base])]


def find_bases():
    """All workloads, one a folder."""
    return [base for base, _sizes in _read(False)]


def _stamp(source, size):
    """Changes when anything changes that the files are made from."""
    digest = hashlib.sha256(f"{size}".encode())
    for path in sorted(source.iterdir()) + sorted(SOURCES.glob("*.py")):
        if path.is_file():
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def make(work):
    """The folder with all files of a workload."""
    folder, stamp = work.folder, _stamp(work.source, work.size)
    if (folder / ".stamp").is_file() and (folder / ".stamp").read_text() == stamp:
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".stamp").unlink(missing_ok=True)
    described = json.loads((work.source / "workload.json").read_text())
    described["name"] = work.name
    (folder / "workload.json").write_text(json.dumps(described))
    for file in [*described["modules"], described["data"], described["inputs"]]:
        if not file:
            continue
        if (work.source / file).is_file():
            shutil.copyfile(work.source / file, folder / file)
            continue
        command = [sys.executable, "-B", work.source / "generate.py", file]
        with open(folder / file, "wb") as out:
            if subprocess.run(command + ([str(work.size)] if work.size else []), stdout=out).returncode != 0:
                fail(f"{work.name}: {file} cannot be generated")
    (folder / ".stamp").write_text(stamp)
    return folder
