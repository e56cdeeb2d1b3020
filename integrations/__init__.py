"""Translators to somebody else's words: one folder each, which decides nothing and knows no other."""
