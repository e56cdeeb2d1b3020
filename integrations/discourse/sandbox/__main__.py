"""`python -m integrations.discourse.sandbox`: a forum on this machine, until Ctrl-C."""

from __future__ import annotations

import argparse
import signal
import sys

from integrations.discourse.sandbox.server import Sandbox


def main() -> int:
    """Serve until interrupted; 1 where the address is taken."""
    parser = argparse.ArgumentParser(prog="python -m integrations.discourse.sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen at (default: this machine only)")
    parser.add_argument("--port", type=int, default=8085, help="port to listen at (0: any; default: 8085)")
    parser.add_argument(
        "--database", default=":memory:", metavar="FILE", help="SQLite file that keeps everything (default: nothing is kept)"
    )
    parser.add_argument("--category", action="append", default=[], metavar="NAME", help="a public category to have (may be given again)")
    parser.add_argument("--private-category", action="append", default=[], metavar="NAME", help="a category for the staff only")
    parser.add_argument("--bot-key", default="", help="the moderator bot's API key (default: the one in FILE, or a new one)")
    parser.add_argument("--admin-key", default="", help="the key that may speak for any user (default: the one in FILE, or a new one)")
    given = parser.parse_args()
    sandbox = Sandbox(database=given.database, host=given.host, port=given.port, bot_key=given.bot_key, admin_key=given.admin_key)
    categories = {name: sandbox.create_category(name) for name in given.category}
    categories |= {name: sandbox.create_category(name, private=True) for name in given.private_category}
    try:
        sandbox.start()
    except OSError as error:
        print(f"Cannot listen at {given.host}:{given.port}: {error.strerror}. Choose another --port.", file=sys.stderr)
        return 1
    print(f"forum      {sandbox.url}")
    print(f"bot        {sandbox.bot_username}  key {sandbox.bot_key}")
    print(f"admin      {sandbox.admin_username}  key {sandbox.admin_key}")
    for name, category_id in categories.items():
        print(f"category   {category_id}  {name}")
    sys.stdout.flush()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts its background jobs deaf to it
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        sandbox.wait()
    except KeyboardInterrupt:
        print("stopped")
    finally:
        sandbox.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
