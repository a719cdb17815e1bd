"""Bytes from the world, made safe: feeds, pages, and the one polite client; knows no store and no chat."""
