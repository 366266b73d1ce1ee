"""The composition root: settings in, running servers or local access to a store out. Nothing is decided here.

    local        a store opened in this process, and no doors
    server       everything behind the doors, and the doors, as one thing that starts, drains and ends
    observers    what is logged and counted of what happens
    health       what the health service says while it runs
    serve        one server in this process, until a signal
    started      what a server says of itself once it answers

Several processes, or Envoy:

    supervisor   starts the workers, starts again those that die, drains them; imports nothing of what they are made of
    ports        keeps the ports that the workers share
    processes    a worker as its supervisor sees it: a process and a line to it
    orders       the line between the two
    worker       `python -m rolecall.app.worker`: a server that takes orders, behind grpc.aio
    inside       the same in Envoy: the ASGI app that runs there

Import the module you need: whoever supervises must stay small.
"""
