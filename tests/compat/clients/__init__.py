"""Small programs over real client libraries, and the test that drives them."""
