"""From a request to frames: device, resolve, prefix cache, rendering."""
