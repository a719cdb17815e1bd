"""Fuzzing of what reads foreign bytes, led by coverage (atheris); ``make fuzz`` runs it."""
