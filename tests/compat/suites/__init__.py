"""The suites that client libraries bring, run against our nodes."""
