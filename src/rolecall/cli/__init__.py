"""The command line: commands in, text and exit codes out. What the answers are is decided below, never here.

    main          parse, run, exit code
    commands      the table of commands: summary, flags, examples, and the function that runs each
    tree          the parser made from the table; flags and parser are its parts
    doors         where answers come from: `local` (a store file) or `remote` (a server)
    others        one module for each family of commands; imported only when one of them runs

`rolecall --help` and `rolecall version` must stay fast: these five import nothing heavy.
"""

from rolecall.cli.main import main
from rolecall.cli.tree import build_parser

__all__ = ["build_parser", "main"]
