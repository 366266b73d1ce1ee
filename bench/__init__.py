"""The benchmark: `make bench`, or `python -m bench --help`. What each figure means is told in docs/performance.md.

__main__           options, the order of things
figures, machine   what is reported, and where it was measured
worlds, lab        the stores that are measured, made once a run
server, serving    servers as processes of their own
client, load       one question at a time, and load
decide, rpc, memory, entries, start, writes   the measurements
"""
