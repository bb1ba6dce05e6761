"""The same commands to redis-server and to guccho-node, replies compared."""
