"""Moves news along, one step a module; takes ports, returns what happened; knows no adapter."""
