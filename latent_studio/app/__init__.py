"""Composition: settings, the session store, the library and the verbs."""
