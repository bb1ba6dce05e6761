"""The harness of the Python tests: server processes in directories of their own, clusters of them, a raw RESP client."""
