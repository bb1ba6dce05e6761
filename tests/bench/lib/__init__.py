"""What the benchmarks share: the pair of servers, the load, the rows and the table."""
