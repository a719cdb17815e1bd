"""The composition root: settings in, a running bot out; the only room that knows every class."""
