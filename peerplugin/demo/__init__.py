"""The demo: a whole meeting on this machine, on a real homeserver and a forum sandbox, by a real service. Start with `play`."""
