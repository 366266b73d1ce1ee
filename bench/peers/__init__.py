"""Other engines on the same question: `make bench-peers`, or `python -m bench.peers --help`.

install       where they are, and how they are had
world         one app with the built-in call type `default`, and the same as roles and actions for others
cerbos        Cerbos as a server, its policies, its requests
engines       pycasbin and cedarpy; run by their own Python, so it imports nothing of ours
over_grpc     Cerbos against the Envoy front
in_process    pycasbin and cedarpy against the client's own decider

None of them is a dependency of Rolecall, and nothing outside this folder knows them.
"""
