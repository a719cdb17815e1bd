"""Where digests are posted: one package a platform, each the only one that knows its client library."""
