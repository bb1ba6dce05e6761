"""The tidy test: what the project promises about its own sources."""
