"""The command line: commands in, text and exit codes out. What the answers are is decided below, never here.

    main          parse, run, exit code
    commands      the table of commands: summary, flags, examples, and the function that runs each
    parser        the parser and its help; flags that commands share are in flags
    doors         where answers come from: `local` (a store file) or `remote` (a server)
    others        one module for each family of commands; imported only when one of them runs

`rolecall --help` and `rolecall version` must stay fast: main, commands, flags and parser import nothing heavy.
"""

from rolecall.cli.commands import build_parser
from rolecall.cli.main import main

__all__ = ["build_parser", "main"]
