"""What happened: the Events type, readers, generators and the fast detector."""

from strangeness.events.events import Constituents, Events, concatenate_events
from strangeness.events.hits import Hits
from strangeness.events.reading import read, read_chunks

__all__ = ["Constituents", "Events", "Hits", "concatenate_events", "read", "read_chunks"]
