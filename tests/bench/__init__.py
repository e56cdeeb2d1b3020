"""How fast and how small: `make bench` prints it as tables."""
