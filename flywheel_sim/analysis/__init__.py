"""A question each: which strategy, how much a rate matters, what to expect."""
