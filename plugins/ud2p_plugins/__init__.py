"""The plugins that come with ud2p; each enters through its entry point, like anybody else's."""
