"""Rows of six fields; the filters let through between a tenth and a half of them."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import rows
import seeded

seeded.serve(1000, inputs=rows.inputs)
