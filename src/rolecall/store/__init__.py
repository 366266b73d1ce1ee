"""The store: everything Rolecall keeps, in one SQLite file; who may see or change it is not decided here."""

from rolecall.store.changes import AppPatch, AppWorld, Change, Delta, World
from rolecall.store.facts import Facts, Wanted
from rolecall.store.reader import Reader
from rolecall.store.sqlite import Store
from rolecall.store.transaction import Transaction

__all__ = [
    "AppPatch",
    "AppWorld",
    "Change",
    "Delta",
    "Facts",
    "Reader",
    "Store",
    "Transaction",
    "Wanted",
    "World",
]
