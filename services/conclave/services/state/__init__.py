"""The database: engines, encrypted columns, migrations and transactions."""
