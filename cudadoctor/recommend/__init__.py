"""A request and facts in; the install command that is right for that machine, with its reasons, out. Pure."""
