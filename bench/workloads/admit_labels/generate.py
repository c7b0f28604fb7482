"""Mix: about half of the pods miss a label or have one of a wrong form."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import reviews
import seeded

PARAMETERS = {"labels": [{"key": "app"}, {"key": "owner", "pattern": "^[a-z]+[.]example$"}, {"key": "cost-centre", "pattern": "^cc-[0-9]{4}$"}], "message": ""}

seeded.serve(None, inputs=lambda _size: reviews.inputs(PARAMETERS))
