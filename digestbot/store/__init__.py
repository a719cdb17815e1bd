"""The rows that are the truth: SQLAlchemy Core on SQLite or PostgreSQL; knows no pipeline and no chat."""
