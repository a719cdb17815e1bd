"""Pages for people and machines: the reading room, health, metrics; knows no chat library."""
