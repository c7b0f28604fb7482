"""Mix: two thirds of the pods add too much or drop too little."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import reviews
import seeded

PARAMETERS = {"allowed": ["NET_BIND_SERVICE", "CHOWN"], "dropped": ["ALL"]}

seeded.serve(None, inputs=lambda _size: reviews.inputs(PARAMETERS))
