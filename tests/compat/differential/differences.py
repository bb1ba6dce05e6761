"""Where we answer otherwise than redis-server 7.0 on purpose. Each entry must still be a difference, or the test fails."""

# (title of the case, the step as written, why)
DELIBERATE = [
]
