"""Mix: six in ten allow, a tenth ask, the rest deny: too old, weekend, night or freeze."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import seeded

import datetime

START = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
ZONES = [datetime.timezone.utc, datetime.timezone(datetime.timedelta(hours=2)), datetime.timezone(datetime.timedelta(hours=-5))]


def stamp(rng, at):
    text = at.astimezone(rng.choice(ZONES)).isoformat()
    return text.replace("+00:00", "Z")


def one(rng):
    day = rng.randrange(360)
    if rng.random() < 0.6 and (START + datetime.timedelta(days=day)).weekday() >= 5:
        day += 2
    hour = rng.randrange(8, 18) if rng.random() < 0.65 else rng.randrange(24)
    at = START + datetime.timedelta(days=day, hours=hour, minutes=rng.randrange(60), seconds=rng.randrange(60))
    age = datetime.timedelta(minutes=rng.randrange(240) if rng.random() < 0.9 else rng.randrange(240, 9999))
    return {"at": stamp(rng, at), "requested_at": stamp(rng, at - age), "urgent": rng.random() < 0.6}


seeded.write("windows", one)
