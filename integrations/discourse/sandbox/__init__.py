"""A small forum that answers as Discourse does where we talk to it, and that people can read in a browser.

For tests and the demo; the contract tests hold it to recorded answers of a real one.
"""

from integrations.discourse.sandbox.faults import Fault, Faults
from integrations.discourse.sandbox.server import Sandbox

__all__ = ["Fault", "Faults", "Sandbox"]
