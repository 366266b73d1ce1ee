"""The benchmark: `make bench`, or `python -m bench --help`. What each figure means is told in docs/performance.md.

__main__                 options, the order of things
figures, machine, plot   what is reported, where it was measured, and how it is drawn
worlds, lab              the stores that are measured, made once a run
server, inside, empty    servers with methods that only answer, behind both fronts, and one that does nothing
serving, fronts          servers as processes of their own
client, load, rounds     one question at a time, load, and loads that take turns
http2, pacing            a client of our own for what the load generator can't do
asker                    who asks all the time, and waits
loops                    questions in this process
decide, chat, conditions, rpc, envoy, watch, scale, reload, memory, entries, start, writes, migration   measurements
soak                     `python -m bench.soak`: load for a long time
peers                    `make bench-peers`: other engines on the same question
"""
