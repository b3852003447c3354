"""Readers and tallies as tasks that any process can do; see `trendcore.pools`."""
