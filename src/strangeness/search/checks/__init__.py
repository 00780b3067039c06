"""The checks of the validity gate, one a module; each reads reference events and null toys alone."""
