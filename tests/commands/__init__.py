"""Tests of the command core."""
