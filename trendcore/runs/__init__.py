"""What is said of a run, an update that was asked for: its record, metrics for Prometheus, its log."""
