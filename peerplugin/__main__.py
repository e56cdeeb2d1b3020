"""`python -m peerplugin`, and the command `peerplugin`."""

from __future__ import annotations

from peerplugin.cli import main

if __name__ == "__main__":
    main()
