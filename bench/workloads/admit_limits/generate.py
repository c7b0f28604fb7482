"""Mix: about half of the pods have a container without a limit or above one."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import reviews
import seeded

PARAMETERS = {"cpu": "2", "memory": "2Gi", "exempt": ["registry.example/base/"]}

seeded.serve(None, inputs=lambda _size: reviews.inputs(PARAMETERS))
