"""Decides when, and where work runs; only ever calls the Dispatcher port."""
