"""Mix: half of the pods have an image from elsewhere."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import reviews
import seeded

PARAMETERS = {"repos": ["registry.example/team/", "registry.example/base/", "docker.example/"]}

seeded.serve(None, inputs=lambda _size: reviews.inputs(PARAMETERS))
