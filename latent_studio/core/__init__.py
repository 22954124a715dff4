"""Values and rules of the domain: numpy and the standard library only, frozen values throughout."""
