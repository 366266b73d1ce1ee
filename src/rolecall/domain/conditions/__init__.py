"""Conditions of custom permissions: JSON in the style of MongoDB's queries, checked when written, compiled once.

operands    what may stand for comparison, and the size of it all
operators   the comparisons, one row each, and how they meet text, lists and custom data
fields      what a condition may look at
syntax      the one walk that checks, copies and compiles a condition

Conditions know of no user, call or channel, only of what `About` says of them. Rules of the words: custom permissions.
"""

from __future__ import annotations

from rolecall.domain.conditions.fields import About
from rolecall.domain.conditions.syntax import Condition, check_condition, compile_condition, describe

__all__ = ["About", "Condition", "check_condition", "compile_condition", "describe"]
