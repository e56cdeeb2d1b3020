"""Discourse: `client` talks HTTP, `wire` translates, `forum` keeps documents true; `sandbox` is a small forum for tests and the demo."""
