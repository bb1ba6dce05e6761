"""Tests against software that others wrote: Redis itself, redis-cli, client libraries."""
