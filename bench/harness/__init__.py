"""What bench/run is made of: engines, workloads, rounds, tables, the picture."""
