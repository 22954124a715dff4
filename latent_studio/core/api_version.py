"""The version of ``latent_studio.api``, where even the help text can have it at no cost."""

#: Grows when a name goes away or changes its meaning; a plugin's manifest says which one it was written for.
API_VERSION = 1
