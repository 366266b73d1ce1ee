"""The benchmark: `make bench`, or `python -m bench --help`. What each figure means is told in docs/performance.md.

__main__           options, the order of things
figures, machine   what is reported, and where it was measured
worlds, lab        the stores that are measured, made once a run
server, serving    servers as processes of their own
client, load       one question at a time, and load
asker              who asks all the time, and waits
loops              questions in this process
decide, chat, conditions, rpc, memory, entries, start, writes, migration   the measurements
"""
