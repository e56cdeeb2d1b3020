"""The forum sandbox's pages as a browser shows them."""
