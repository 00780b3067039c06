"""The jets that the studies of tensor networks share, and what a site of their chains holds."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from strangeness.events.events import Events
from strangeness.events.reading import read
from strangeness.events.shipped import verify
from strangeness.methods.jet_tagging import classes_of

SITES, CHANNELS = 32, 3


@cache
def jets() -> Mapping[str, Events]:
    """The shipped jets by class."""
    return classes_of(read(verify("jets")))
