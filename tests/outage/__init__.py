"""The forum fails at every call the service makes of it, in every way a network has."""
