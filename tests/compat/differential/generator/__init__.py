"""Random commands to redis-server and to guccho-node, replies and data compared. run.py is the command line."""
