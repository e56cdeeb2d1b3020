"""The memory: the only place that knows SQL. `Store.open(path)`, then `with store.transaction() as tx:`."""

from peerplugin.store.codec import StoreError
from peerplugin.store.ledger import LedgerRow, Trouble
from peerplugin.store.outbox import Claimed, Final, Outgoing, State, Stuck
from peerplugin.store.rooms import Account
from peerplugin.store.store import Store, Tx

__all__ = ["Account", "Claimed", "Final", "LedgerRow", "Outgoing", "State", "Store", "StoreError", "Stuck", "Trouble", "Tx"]
