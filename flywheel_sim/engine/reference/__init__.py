"""The plain engine on SimPy: the executable definition of what a journey means."""
