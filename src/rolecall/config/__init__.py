"""Settings: one table of them, where their values come from, and how they are shown.

    address, kinds   how values are read
    settings         the table
    checks           what settings must satisfy together
    resolve          flags over environment over file over defaults
    present          flags, `rolecall config` and the reference page, from the table

Only cli and app read settings; the rest of the program is handed its values.
"""

from rolecall.config.address import Address
from rolecall.config.errors import ConfigError
from rolecall.config.present import InForce, Reference, add_flags, environment, reference, render
from rolecall.config.resolve import CONFIG_VARIABLE, Origin, Resolved, resolve
from rolecall.config.settings import ALL_NAMES, CLIENT_NAMES, ROWS, SERVER_NAMES, Row, Section, Settings

__all__ = [
    "ALL_NAMES",
    "CLIENT_NAMES",
    "CONFIG_VARIABLE",
    "ROWS",
    "SERVER_NAMES",
    "Address",
    "ConfigError",
    "InForce",
    "Origin",
    "Reference",
    "Resolved",
    "Row",
    "Section",
    "Settings",
    "add_flags",
    "environment",
    "reference",
    "render",
    "resolve",
]
